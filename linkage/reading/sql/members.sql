-- Members of one cluster or of all, with the contract's columns: clusters by rank, surest members first.
-- Reads: members, clusters, identities. Parameters: refresh_id, cluster (NULL for all).
SELECT
    $refresh_id::VARCHAR AS refresh_id,
    members.cluster_id,
    coalesce(identities.value, 'purged:' || members.account) AS account_id,
    members.membership,
    members.role,
    clusters.score AS cluster_score,
    clusters.q_value,
    clusters.tier,
    clusters.flagged AND members.membership >= 0.5 AS flagged
FROM members
JOIN clusters USING (cluster_id)
LEFT JOIN identities ON identities.id = members.account AND identities.kind = 'account'
WHERE $cluster::VARCHAR IS NULL OR members.cluster_id = $cluster
ORDER BY clusters.file_row_number, members.membership DESC, account_id
