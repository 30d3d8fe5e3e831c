// Accounts of a generation, and where they stand.
// Reads: Account, MEMBER_OF, Cluster. Parameters: generation, accounts.
UNWIND $accounts AS number
MATCH (a:Account {account: number})
WHERE (a.valid_from <= $generation AND (a.valid_to IS NULL OR a.valid_to > $generation))
   OR (a.valid_from > $generation AND a.previous_from IS NOT NULL)
OPTIONAL MATCH (a)-[m:MEMBER_OF]->(c:Cluster)
WHERE m.valid_from <= $generation AND (m.valid_to IS NULL OR m.valid_to > $generation)
RETURN
    a.account,
    c.cluster_id,
    m.membership,
    m.role
ORDER BY a.account
