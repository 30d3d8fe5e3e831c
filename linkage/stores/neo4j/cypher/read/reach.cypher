// How many identifiers that others used, too, each account used.
// Reads: Account, USED, Identifier. Parameters: generation, accounts.
UNWIND $accounts AS number
MATCH (a:Account {account: number})
WHERE (a.valid_from <= $generation AND (a.valid_to IS NULL OR a.valid_to > $generation))
   OR (a.valid_from > $generation AND a.previous_from IS NOT NULL)
RETURN
    a.account,
    COUNT {
        MATCH (a)-[u:USED]->(i:Identifier)
        WHERE u.valid_from <= $generation AND (u.valid_to IS NULL OR u.valid_to > $generation)
          AND CASE WHEN i.valid_from <= $generation THEN i.degree ELSE i.previous_degree END > 1
    }
