// Members of a cluster: by membership, highest first, then by id.
// Reads: Cluster, MEMBER_OF, Account. Parameters: generation, cluster.
MATCH (:Cluster {cluster_id: $cluster})<-[m:MEMBER_OF]-(a:Account)
WHERE m.valid_from <= $generation AND coalesce(m.valid_to > $generation, true)
WITH a.account AS account, m.membership AS membership, m.role AS role
ORDER BY membership DESC, account
RETURN collect(account), collect(membership), collect(role)
