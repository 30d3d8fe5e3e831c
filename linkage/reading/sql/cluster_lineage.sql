-- Where a cluster comes from.
-- Reads: lineage. Parameters: cluster.
SELECT event, parent_refresh_id, parent_cluster_id, overlap
FROM lineage
WHERE cluster_id = $cluster
ORDER BY overlap DESC NULLS LAST, event, parent_cluster_id NULLS LAST
