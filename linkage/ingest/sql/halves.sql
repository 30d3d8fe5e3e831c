-- What of each event adds up to its day's sums: the upper half of its key, that of its digest, and a number that ties
-- the two.
-- Reads: {events}. Parts: {columns} that are kept beside.
SELECT
    {columns},
    high(event_key) AS keys,
    high(digest) AS digests,
    xor(high(event_key), low(digest)) AS pairs
FROM {events}
