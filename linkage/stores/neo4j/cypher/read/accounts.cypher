// Accounts of a generation, and where they stand.
// Reads: Account, MEMBER_OF, Cluster. Parameters: generation, accounts.
UNWIND $accounts AS number
MATCH (a:Account {account: number})
WHERE CASE
    WHEN a.valid_from <= $generation THEN coalesce(a.valid_to > $generation, true)
    ELSE a.previous_from IS NOT NULL
END
OPTIONAL MATCH (a)-[m:MEMBER_OF]->(c:Cluster)
WHERE m.valid_from <= $generation AND coalesce(m.valid_to > $generation, true)
WITH number, c.cluster_id AS cluster, m
ORDER BY number
RETURN collect([number, cluster, m.membership, m.role])
