-- Reads: context_address_ranges.
SELECT sum(high(digest)), sum(low(digest))
FROM (
    SELECT CAST(substr(sha256(concat_ws(chr(31), cidr, coalesce(CAST(asn AS VARCHAR), ''), coalesce(kind, ''))), 1, 32)
        AS UUID) AS digest
    FROM context_address_ranges
)
