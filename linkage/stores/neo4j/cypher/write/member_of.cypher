// Members: what is new in this generation.
// Writes: MEMBER_OF. Parameters: generation, rows (account, cluster_id, membership, role).
UNWIND $rows AS row
MATCH (a:Account {account: row[0]})
MATCH (b:Cluster {cluster_id: row[1]})
CREATE (a)-[:MEMBER_OF {
    membership: row[2],
    role: row[3],
    valid_from: $generation
}]->(b)
