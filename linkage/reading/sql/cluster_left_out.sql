-- Accounts that were considered for a cluster and left out.
-- Reads: left_out, identities. Parameters: cluster.
SELECT
    coalesce(identities.value, 'purged:' || left_out.account) AS account_id,
    left_out.membership,
    left_out.reason
FROM left_out
LEFT JOIN identities ON identities.id = left_out.account AND identities.kind = 'account'
WHERE left_out.cluster_id = $cluster
ORDER BY left_out.membership DESC, account_id
