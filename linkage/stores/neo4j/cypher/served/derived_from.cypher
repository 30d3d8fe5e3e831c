// Lineage of a generation, as the table derived_from has it.
// Reads: Refresh, DERIVED_FROM. Parameters: generation.
MATCH (refresh:Refresh) WHERE refresh.generation <= $generation
WITH max(refresh.generation) AS since
MATCH (a:Cluster)-[r:DERIVED_FROM]->(b:Cluster)
WHERE r.valid_from = since
RETURN
    a.cluster_id,
    b.cluster_id,
    r.event,
    r.overlap,
    r.parent_refresh_id
