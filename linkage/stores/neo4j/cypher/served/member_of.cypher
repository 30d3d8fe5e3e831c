// Members of a generation, as the table member_of has it.
// Reads: MEMBER_OF. Parameters: generation.
MATCH (a:Account)-[r:MEMBER_OF]->(b:Cluster)
WHERE r.valid_from <= $generation AND coalesce(r.valid_to > $generation, true)
RETURN
    a.account,
    b.cluster_id,
    r.membership,
    r.role
