// Members of a cluster: by membership, highest first, then by id.
// Reads: Cluster, MEMBER_OF, Account. Parameters: generation, cluster.
MATCH (c:Cluster {cluster_id: $cluster})<-[m:MEMBER_OF]-(a:Account)
WHERE m.valid_from <= $generation AND (m.valid_to IS NULL OR m.valid_to > $generation)
RETURN
    a.account,
    c.cluster_id,
    m.membership,
    m.role
ORDER BY m.membership DESC, a.account
