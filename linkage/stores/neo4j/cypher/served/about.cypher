// Clusters that cases of a generation are about, as the table about has it.
// Reads: ABOUT. Parameters: generation.
MATCH (a:Case)-[r:ABOUT]->(b:Cluster)
WHERE r.valid_from <= $generation AND coalesce(r.valid_to > $generation, true)
RETURN
    a.case_id,
    b.cluster_id
