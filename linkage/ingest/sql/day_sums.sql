-- What a day's events are, whatever their order: a count and sums over what halves.sql makes of them.
-- Reads: {halves}.
SELECT
    CAST(event_time AS DATE) AS day,
    count(*) AS events,
    max(event_time) AS last,
    sum(keys) AS keys,
    sum(digests) AS digests,
    sum(pairs) AS pairs
FROM {halves}
GROUP BY CAST(event_time AS DATE)
ORDER BY day
