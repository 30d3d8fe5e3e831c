-- The ten-minute slots in which some accounts were active, from the lake: of its events, and of days taken in as aggregates.
-- Reads: lake_events, lake_slots, account_position. Parameters: since, until (both included).
SELECT account, epoch_us(event_time) // 600000000 AS slot
FROM lake_events
WHERE account IN (SELECT account FROM account_position)
  AND event_time >= $since
  AND event_time <= $until
UNION ALL
SELECT account, slot
FROM lake_slots
WHERE account IN (SELECT account FROM account_position)
  AND slot BETWEEN epoch_us($since::TIMESTAMP) // 600000000 AND epoch_us($until::TIMESTAMP) // 600000000
