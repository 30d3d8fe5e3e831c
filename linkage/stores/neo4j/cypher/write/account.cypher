// Accounts that are new, or say something new, in this generation; what they said before stays for its readers.
// Writes: Account. Parameters: generation, rows (account, events, tokens, cost_usd_micros, active_days, first_seen, last_seen).
UNWIND $rows AS row
MERGE (n:Account {account: row[0]})
SET
    n.previous_from = CASE WHEN n.valid_to IS NULL THEN n.valid_from END,
    n.previous_events = n.events,
    n.previous_tokens = n.tokens,
    n.previous_cost_usd_micros = n.cost_usd_micros,
    n.previous_active_days = n.active_days,
    n.previous_first_seen = n.first_seen,
    n.previous_last_seen = n.last_seen
SET
    n.valid_from = $generation,
    n.valid_to = NULL,
    n.events = row[1],
    n.tokens = row[2],
    n.cost_usd_micros = row[3],
    n.active_days = row[4],
    n.first_seen = datetime({epochSeconds: row[5] / 1000000, nanosecond: row[5] % 1000000 * 1000}),
    n.last_seen = datetime({epochSeconds: row[6] / 1000000, nanosecond: row[6] % 1000000 * 1000})
