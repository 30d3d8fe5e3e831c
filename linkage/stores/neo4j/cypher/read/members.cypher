// Members of a cluster: by membership, highest first, then by id.
// Reads: Cluster, MEMBER_OF, Account, USED, Identifier. Parameters: generation, cluster.
MATCH (c:Cluster {cluster_id: $cluster})<-[m:MEMBER_OF]-(a:Account)
WHERE m.valid_from <= $generation AND (m.valid_to IS NULL OR m.valid_to > $generation)
RETURN
    a.account,
    COUNT {
        MATCH (a)-[u:USED]->(i:Identifier)
        WHERE u.valid_from <= $generation AND (u.valid_to IS NULL OR u.valid_to > $generation)
          AND CASE WHEN i.valid_from <= $generation THEN i.degree ELSE i.previous_degree END > 1
    },
    c.cluster_id,
    m.membership,
    m.role
ORDER BY m.membership DESC, a.account
