// Members: what does not hold in this generation any more.
// Writes: MEMBER_OF. Parameters: generation, rows (account, cluster_id).
UNWIND $rows AS row
MATCH (a:Account {account: row[0]})
MATCH (b:Cluster {cluster_id: row[1]})
MATCH (a)-[r:MEMBER_OF]->(b)
WHERE r.valid_to IS NULL
SET r.valid_to = $generation
