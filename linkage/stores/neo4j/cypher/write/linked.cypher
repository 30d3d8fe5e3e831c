// Linked accounts: what is new in this generation.
// Writes: LINKED. Parameters: generation, rows (account_a, account_b, weight_bits, kinds).
UNWIND $rows AS row
MATCH (a:Account {account: row[0]})
MATCH (b:Account {account: row[1]})
CREATE (a)-[:LINKED {
    weight_bits: row[2],
    kinds: row[3],
    valid_from: $generation
}]->(b)
