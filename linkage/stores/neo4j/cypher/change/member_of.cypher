// Members: what says something else in this generation. The old relationship is closed, a new one stands beside it.
// Writes: MEMBER_OF. Parameters: generation, rows (account, cluster_id, membership, role).
UNWIND $rows AS row
MATCH (a:Account {account: row[0]})
MATCH (b:Cluster {cluster_id: row[1]})
MATCH (a)-[old:MEMBER_OF]->(b)
WHERE old.valid_to IS NULL
SET old.valid_to = $generation
CREATE (a)-[:MEMBER_OF {
    membership: row[2],
    role: row[3],
    valid_from: $generation
}]->(b)
