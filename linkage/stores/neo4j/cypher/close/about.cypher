// Clusters that cases are about: what does not hold in this generation any more.
// Writes: ABOUT. Parameters: generation, rows (case_id, cluster_id).
UNWIND $rows AS row
MATCH (a:Case {case_id: row[0]})
MATCH (b:Cluster {cluster_id: row[1]})
MATCH (a)-[r:ABOUT]->(b)
WHERE r.valid_to IS NULL
SET r.valid_to = $generation
