// Lineage of this generation. A cluster whose refresh was never published is an id that never holds.
// Writes: DERIVED_FROM. Parameters: generation, rows (cluster_id, parent_cluster_id, event, overlap, parent_refresh_id).
UNWIND $rows AS row
MERGE (a:Cluster {cluster_id: row[0]})
ON CREATE SET a.valid_from = $generation, a.valid_to = $generation
MERGE (b:Cluster {cluster_id: row[1]})
ON CREATE SET b.valid_from = $generation, b.valid_to = $generation
CREATE (a)-[:DERIVED_FROM {
    event: row[2],
    overlap: row[3],
    parent_refresh_id: row[4],
    valid_from: $generation
}]->(b)
