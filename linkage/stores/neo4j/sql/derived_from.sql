-- Which clusters follow from another one. That a cluster follows from itself is what its id says already.
-- Reads: lineage.
SELECT cluster_id, parent_cluster_id, event, overlap, parent_refresh_id
FROM lineage
WHERE parent_cluster_id <> cluster_id
