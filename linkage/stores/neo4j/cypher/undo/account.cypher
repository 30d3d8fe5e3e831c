// Accounts that an abandoned publication wrote: what they said before; those that were not there are closed.
// Writes: Account. Parameters: generation, rows (at most so many at once).
MATCH (n:Account)
WHERE n.valid_from = $generation AND n.valid_to IS NULL
WITH n LIMIT $rows
SET
    n.valid_to = CASE WHEN n.previous_from IS NULL THEN $generation END,
    n.valid_from = coalesce(n.previous_from, $generation),
    n.events = n.previous_events,
    n.tokens = n.previous_tokens,
    n.cost_usd_micros = n.previous_cost_usd_micros,
    n.active_days = n.previous_active_days,
    n.first_seen = n.previous_first_seen,
    n.last_seen = n.previous_last_seen
RETURN count(*) AS rows
