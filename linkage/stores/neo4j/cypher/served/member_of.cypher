// Members of a generation, as the table member_of has it.
// Reads: MEMBER_OF. Parameters: generation.
MATCH (a:Account)-[r:MEMBER_OF]->(b:Cluster)
WHERE r.valid_from <= $generation AND (r.valid_to IS NULL OR r.valid_to > $generation)
RETURN
    a.account,
    b.cluster_id,
    r.membership,
    r.role
