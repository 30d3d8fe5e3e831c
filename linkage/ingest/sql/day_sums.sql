-- What a day's events are, whatever their order: a count and sums over the halves of their keys and digests. The
-- third sum ties each key to its digest.
-- Reads: events_to_write.
SELECT
    CAST(event_time AS DATE) AS day,
    count(*) AS events,
    max(event_time) AS last,
    sum(high(event_key)) AS keys,
    sum(high(digest)) AS digests,
    sum(xor(high(event_key), low(digest))) AS pairs
FROM events_to_write
GROUP BY day
ORDER BY day
