// Clusters that cases are about: what is new in this generation. One that was never published is an id that never holds.
// Writes: ABOUT. Parameters: generation, rows (case_id, cluster_id).
UNWIND $rows AS row
MATCH (a:Case {case_id: row[0]})
MERGE (b:Cluster {cluster_id: row[1]})
ON CREATE SET b.valid_from = $generation, b.valid_to = $generation
CREATE (a)-[:ABOUT {valid_from: $generation}]->(b)
