-- Who used which identifier in which ten-minute slot, counted from 1970.
-- Reads: lake_uses (account, event_time, identifier), account_number, identifier_number (id, number). Parameters: until.
SELECT DISTINCT
    account_number.number AS account,
    epoch_us(lake_uses.event_time) // 600000000 AS slot,
    identifier_number.number AS identifier
FROM lake_uses
JOIN account_number ON account_number.id = lake_uses.account
JOIN identifier_number ON identifier_number.id = lake_uses.identifier
WHERE lake_uses.event_time <= $until
