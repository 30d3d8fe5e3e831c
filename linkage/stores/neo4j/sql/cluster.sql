-- Clusters as the graph has them; times in microseconds since 1970.
-- Reads: clusters (with file_row_number: they stand by rank).
SELECT
    cluster_id,
    file_row_number + 1 AS rank,
    size,
    score,
    linkage_score,
    abuse_score,
    q_value,
    tier,
    flagged,
    events,
    tokens,
    cost_usd_micros,
    epoch_us(first_seen) AS first_seen,
    epoch_us(last_seen) AS last_seen,
    kinds,
    top_reasons,
    lineage
FROM clusters
