-- What each identifier kind gives a cluster, and what is left without it.
-- Reads: cluster_kinds. Parameters: cluster.
SELECT kind, members_tied, bits, corroborates, linkage_score_without, members_without
FROM cluster_kinds
WHERE cluster_id = $cluster
ORDER BY bits DESC, kind
