// Who used what: what does not hold in this generation any more.
// Writes: USED. Parameters: generation, rows (account, identifier).
UNWIND $rows AS row
MATCH (a:Account {account: row[0]})
MATCH (b:Identifier {identifier: row[1]})
MATCH (a)-[r:USED]->(b)
WHERE r.valid_to IS NULL
SET r.valid_to = $generation
