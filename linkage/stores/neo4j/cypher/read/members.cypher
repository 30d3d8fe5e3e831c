// Members of a cluster: by membership, highest first, then by id.
// Reads: Cluster, MEMBER_OF, Account. Parameters: generation, cluster.
MATCH (:Cluster {cluster_id: $cluster})<-[m:MEMBER_OF]-(a:Account)
WHERE CASE
    WHEN m.valid_from <= $generation THEN coalesce(m.valid_to > $generation, true)
    ELSE m.previous_from IS NOT NULL
END
WITH a.account AS account,
    CASE WHEN m.valid_from <= $generation THEN m.membership ELSE m.previous_membership END AS membership,
    CASE WHEN m.valid_from <= $generation THEN m.role ELSE m.previous_role END AS role
ORDER BY membership DESC, account
RETURN collect(account), collect(membership), collect(role)
