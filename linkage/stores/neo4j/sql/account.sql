-- Accounts as the graph has them; times in microseconds since 1970.
-- Reads: accounts.
SELECT
    account,
    events,
    tokens,
    cost_usd_micros,
    active_days,
    epoch_us(first_seen) AS first_seen,
    epoch_us(last_seen) AS last_seen
FROM accounts
