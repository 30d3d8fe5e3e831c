-- Clusters with the contract's columns, in the order of the snapshot: highest score first.
-- Reads: clusters. Parameters: refresh_id, cases, statuses
-- (cluster ids, and the status of the case of each).
SELECT
    $refresh_id::VARCHAR AS refresh_id,
    cluster_id,
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
    first_seen,
    last_seen,
    kinds,
    top_reasons,
    lineage,
    map($cases::VARCHAR[], $statuses::VARCHAR[])[cluster_id] AS case_status
FROM clusters
ORDER BY file_row_number
