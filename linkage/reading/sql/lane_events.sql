-- When some accounts did something, from the lake.
-- Reads: lake_events (a view of files of events), account_position. Parameters: since, until (both included).
SELECT account, event_time
FROM lake_events
WHERE account IN (SELECT account FROM account_position)
  AND event_time >= $since
  AND event_time <= $until
