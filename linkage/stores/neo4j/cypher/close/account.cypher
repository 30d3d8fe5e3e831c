// Accounts that are not in this generation any more.
// Writes: Account. Parameters: generation, rows (account).
UNWIND $rows AS row
MATCH (n:Account {account: row[0]})
SET n.valid_to = $generation
