-- When each account began to work: the ten-minute slots, counted from 1970, in which it was active after one in which
-- it was not. One session is one moment, however long it lasts.
-- reads:  slots, account_position
SELECT account, slot
FROM (
    SELECT account, slot, lag(slot) OVER (PARTITION BY account ORDER BY slot) AS before
    FROM (
        SELECT DISTINCT account_position.position AS account, slots.slot
        FROM slots
        JOIN account_position ON account_position.account = slots.account
    )
)
WHERE before IS NULL OR slot > before + 1
ORDER BY account, slot
