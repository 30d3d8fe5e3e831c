// Linked accounts: what says something else in this generation. The old relationship is closed, a new one stands beside it.
// Writes: LINKED. Parameters: generation, rows (account_a, account_b, weight_bits, kinds).
UNWIND $rows AS row
MATCH (a:Account {account: row[0]})
MATCH (b:Account {account: row[1]})
MATCH (a)-[old:LINKED]->(b)
WHERE old.valid_to IS NULL
SET old.valid_to = $generation
CREATE (a)-[:LINKED {
    weight_bits: row[2],
    kinds: row[3],
    valid_from: $generation
}]->(b)
