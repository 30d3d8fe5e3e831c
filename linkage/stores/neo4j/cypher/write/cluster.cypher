// Clusters that are new, or say something new, in this generation; what they said before stays for its readers.
// Writes: Cluster. Parameters: generation, rows (cluster_id, rank, size, score, linkage_score, abuse_score, q_value, tier, flagged, events, tokens, cost_usd_micros, first_seen, last_seen, kinds, top_reasons, lineage).
UNWIND $rows AS row
MERGE (n:Cluster {cluster_id: row[0]})
SET
    n.previous_from = CASE WHEN n.valid_to IS NULL THEN n.valid_from END,
    n.previous_rank = n.rank,
    n.previous_size = n.size,
    n.previous_score = n.score,
    n.previous_linkage_score = n.linkage_score,
    n.previous_abuse_score = n.abuse_score,
    n.previous_q_value = n.q_value,
    n.previous_tier = n.tier,
    n.previous_flagged = n.flagged,
    n.previous_events = n.events,
    n.previous_tokens = n.tokens,
    n.previous_cost_usd_micros = n.cost_usd_micros,
    n.previous_first_seen = n.first_seen,
    n.previous_last_seen = n.last_seen,
    n.previous_kinds = n.kinds,
    n.previous_top_reasons = n.top_reasons,
    n.previous_lineage = n.lineage
SET
    n.valid_from = $generation,
    n.valid_to = NULL,
    n.rank = row[1],
    n.size = row[2],
    n.score = row[3],
    n.linkage_score = row[4],
    n.abuse_score = row[5],
    n.q_value = row[6],
    n.tier = row[7],
    n.flagged = row[8],
    n.events = row[9],
    n.tokens = row[10],
    n.cost_usd_micros = row[11],
    n.first_seen = datetime({epochSeconds: row[12] / 1000000, nanosecond: row[12] % 1000000 * 1000}),
    n.last_seen = datetime({epochSeconds: row[13] / 1000000, nanosecond: row[13] % 1000000 * 1000}),
    n.kinds = row[14],
    n.top_reasons = row[15],
    n.lineage = row[16]
