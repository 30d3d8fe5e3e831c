// Accounts of a generation, as the table account has them.
// Reads: Account. Parameters: generation.
MATCH (n:Account)
WHERE (n.valid_from <= $generation AND coalesce(n.valid_to > $generation, true))
   OR (n.valid_from > $generation AND n.previous_from IS NOT NULL)
WITH n, CASE
    WHEN n.valid_from <= $generation THEN n {.events, .tokens, .cost_usd_micros, .active_days, .first_seen, .last_seen}
    ELSE {events: n.previous_events, tokens: n.previous_tokens, cost_usd_micros: n.previous_cost_usd_micros, active_days: n.previous_active_days, first_seen: n.previous_first_seen, last_seen: n.previous_last_seen}
END AS figures
RETURN
    n.account,
    figures.events,
    figures.tokens,
    figures.cost_usd_micros,
    figures.active_days,
    figures.first_seen.epochSeconds * 1000000 + figures.first_seen.microsecond,
    figures.last_seen.epochSeconds * 1000000 + figures.last_seen.microsecond
