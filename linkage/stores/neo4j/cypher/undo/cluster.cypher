// Clusters that an abandoned publication wrote: what they said before; those that were not there are closed.
// Writes: Cluster. Parameters: generation, rows (at most so many at once).
MATCH (n:Cluster)
WHERE n.valid_from = $generation AND n.valid_to IS NULL
WITH n LIMIT $rows
SET
    n.valid_to = CASE WHEN n.previous_from IS NULL THEN $generation END,
    n.valid_from = coalesce(n.previous_from, $generation),
    n.rank = n.previous_rank,
    n.size = n.previous_size,
    n.score = n.previous_score,
    n.linkage_score = n.previous_linkage_score,
    n.abuse_score = n.previous_abuse_score,
    n.q_value = n.previous_q_value,
    n.tier = n.previous_tier,
    n.flagged = n.previous_flagged,
    n.events = n.previous_events,
    n.tokens = n.previous_tokens,
    n.cost_usd_micros = n.previous_cost_usd_micros,
    n.first_seen = n.previous_first_seen,
    n.last_seen = n.previous_last_seen,
    n.kinds = n.previous_kinds,
    n.top_reasons = n.previous_top_reasons,
    n.lineage = n.previous_lineage,
    n.drawn = n.previous_drawn,
    n.drawn_uses = n.previous_drawn_uses,
    n.drawn_accounts = n.previous_drawn_accounts
RETURN count(*) AS rows
