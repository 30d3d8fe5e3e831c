-- The ten-minute slots, counted from 1970, of events; a slot with several events stands there several times.
-- Reads: {events}.
SELECT CAST(event_time AS DATE) AS day, account, epoch_us(event_time) // 600000000 AS slot
FROM {events}
