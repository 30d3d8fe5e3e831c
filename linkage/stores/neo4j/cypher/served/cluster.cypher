// Clusters of a generation, as the table cluster has them.
// Reads: Cluster. Parameters: generation.
MATCH (n:Cluster)
WHERE (n.valid_from <= $generation AND coalesce(n.valid_to > $generation, true))
   OR (n.valid_from > $generation AND n.previous_from IS NOT NULL)
WITH n, CASE
    WHEN n.valid_from <= $generation THEN n {.rank, .size, .score, .linkage_score, .abuse_score, .q_value, .tier, .flagged, .events, .tokens, .cost_usd_micros, .first_seen, .last_seen, .kinds, .top_reasons, .lineage, .drawn, .drawn_uses, .drawn_accounts}
    ELSE {rank: n.previous_rank, size: n.previous_size, score: n.previous_score, linkage_score: n.previous_linkage_score, abuse_score: n.previous_abuse_score, q_value: n.previous_q_value, tier: n.previous_tier, flagged: n.previous_flagged, events: n.previous_events, tokens: n.previous_tokens, cost_usd_micros: n.previous_cost_usd_micros, first_seen: n.previous_first_seen, last_seen: n.previous_last_seen, kinds: n.previous_kinds, top_reasons: n.previous_top_reasons, lineage: n.previous_lineage, drawn: n.previous_drawn, drawn_uses: n.previous_drawn_uses, drawn_accounts: n.previous_drawn_accounts}
END AS figures
RETURN
    n.cluster_id,
    figures.rank,
    figures.size,
    figures.score,
    figures.linkage_score,
    figures.abuse_score,
    figures.q_value,
    figures.tier,
    figures.flagged,
    figures.events,
    figures.tokens,
    figures.cost_usd_micros,
    figures.first_seen.epochSeconds * 1000000 + figures.first_seen.microsecond,
    figures.last_seen.epochSeconds * 1000000 + figures.last_seen.microsecond,
    figures.kinds,
    figures.top_reasons,
    figures.lineage,
    figures.drawn,
    figures.drawn_uses,
    figures.drawn_accounts
