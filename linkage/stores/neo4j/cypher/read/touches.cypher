// Which of some identifiers each of some accounts used.
// Reads: Account, USED, Identifier. Parameters: generation, accounts, identifiers.
UNWIND $accounts AS number
MATCH (a:Account {account: number})-[u:USED]->(i:Identifier)
WHERE i.identifier IN $identifiers
  AND u.valid_from <= $generation AND (u.valid_to IS NULL OR u.valid_to > $generation)
  AND CASE WHEN i.valid_from <= $generation THEN i.degree ELSE i.previous_degree END > 1
WITH a.account AS account, collect(i.identifier) AS touched
RETURN account, touched
ORDER BY account
