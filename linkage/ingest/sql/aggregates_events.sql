-- Events by day, as the accounts' activity says it.
-- Reads: aggregated_activity.
SELECT day, CAST(sum(events) AS BIGINT) FROM aggregated_activity GROUP BY day
