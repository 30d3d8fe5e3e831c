// Lineage of a generation, as the table derived_from has it.
// Reads: DERIVED_FROM. Parameters: generation.
MATCH (a:Cluster)-[r:DERIVED_FROM]->(b:Cluster)
WHERE r.valid_from = $generation
RETURN
    a.cluster_id,
    b.cluster_id,
    r.event,
    r.overlap,
    r.parent_refresh_id
