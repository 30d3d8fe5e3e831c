// Accounts of a generation, and where they stand.
// Reads: Account, USED, Identifier, MEMBER_OF, Cluster. Parameters: generation, accounts.
UNWIND $accounts AS number
MATCH (a:Account {account: number})
WHERE (a.valid_from <= $generation AND (a.valid_to IS NULL OR a.valid_to > $generation))
   OR (a.valid_from > $generation AND a.previous_from IS NOT NULL)
OPTIONAL MATCH (a)-[m:MEMBER_OF]->(c:Cluster)
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
ORDER BY a.account
