// Accounts of a generation, and where they stand.
// Reads: Account, MEMBER_OF, Cluster. Parameters: generation, accounts.
UNWIND $accounts AS number
MATCH (a:Account {account: number})
WHERE CASE
    WHEN a.valid_from <= $generation THEN coalesce(a.valid_to > $generation, true)
    ELSE a.previous_from IS NOT NULL
END
OPTIONAL MATCH (a)-[m:MEMBER_OF]->(c:Cluster)
WHERE CASE
    WHEN m.valid_from <= $generation THEN coalesce(m.valid_to > $generation, true)
    ELSE m.previous_from IS NOT NULL
END
WITH number, c.cluster_id AS cluster,
    CASE WHEN m.valid_from <= $generation THEN m.membership ELSE m.previous_membership END AS membership,
    CASE WHEN m.valid_from <= $generation THEN m.role ELSE m.previous_role END AS role
ORDER BY number
RETURN collect([number, cluster, membership, role])
