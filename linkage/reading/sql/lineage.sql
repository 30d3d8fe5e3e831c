-- How the clusters of a refresh follow from its parent, with the contract's columns.
-- Reads: lineage. Parameters: refresh_id.
SELECT
    $refresh_id::VARCHAR AS refresh_id,
    cluster_id,
    event,
    parent_refresh_id,
    parent_cluster_id,
    overlap
FROM lineage
ORDER BY cluster_id, event, overlap DESC NULLS LAST, parent_cluster_id NULLS LAST
