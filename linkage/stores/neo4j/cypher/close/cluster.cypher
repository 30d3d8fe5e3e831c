// Clusters that are not in this generation any more.
// Writes: Cluster. Parameters: generation, rows (cluster_id).
UNWIND $rows AS row
MATCH (n:Cluster {cluster_id: row[0]})
SET n.valid_to = $generation
