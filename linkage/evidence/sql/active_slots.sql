-- The ten-minute slots, counted from 1970, in which each account was active.
-- reads:  slots, account_position
SELECT DISTINCT account_position.position AS account, slots.slot
FROM slots
JOIN account_position ON account_position.account = slots.account
