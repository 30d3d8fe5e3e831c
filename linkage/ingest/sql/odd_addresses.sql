-- Addresses that are not a plain dotted quad: IPv6, and whatever is none.
-- Reads: {admitted}. Parts: {address}.
SELECT DISTINCT {address} AS address
FROM {admitted} AS admitted
WHERE {address} IS NOT NULL AND NOT quad({address})
ORDER BY address
