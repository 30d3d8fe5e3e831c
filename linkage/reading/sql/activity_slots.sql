-- Who was active in which ten-minute slot, counted from 1970: by the events, and on days taken in as aggregates.
-- Reads: lake_events, lake_slots, account_number (id, number). Parameters: until.
SELECT DISTINCT account_number.number AS account, active.slot AS slot
FROM (
    SELECT account, epoch_us(event_time) // 600000000 AS slot FROM lake_events WHERE event_time <= $until
    UNION ALL
    SELECT account, slot FROM lake_slots WHERE slot <= epoch_us($until::TIMESTAMP) // 600000000
) AS active
JOIN account_number ON account_number.id = active.account
