-- Members of a cluster, surest first.
-- Reads: members, identities. Parameters: cluster.
SELECT
    members.account,
    coalesce(identities.value, 'purged:' || members.account) AS account_id,
    members.membership,
    members.role,
    members.cluster_id
FROM members
LEFT JOIN identities ON identities.id = members.account AND identities.kind = 'account'
WHERE members.cluster_id = $cluster
ORDER BY members.membership DESC, members.account
