// Linked accounts: what does not hold in this generation any more.
// Writes: LINKED. Parameters: generation, rows (account_a, account_b).
UNWIND $rows AS row
MATCH (a:Account {account: row[0]})
MATCH (b:Account {account: row[1]})
MATCH (a)-[r:LINKED]->(b)
WHERE r.valid_to IS NULL
SET r.valid_to = $generation
