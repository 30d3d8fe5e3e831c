// Members of a generation, as the table member_of has it.
// Reads: MEMBER_OF. Parameters: generation.
MATCH (a:Account)-[r:MEMBER_OF]->(b:Cluster)
WHERE CASE
    WHEN r.valid_from <= $generation THEN coalesce(r.valid_to > $generation, true)
    ELSE r.previous_from IS NOT NULL
END
WITH a, b, CASE
    WHEN r.valid_from <= $generation THEN r {.membership, .role}
    ELSE {membership: r.previous_membership, role: r.previous_role}
END AS figures
RETURN
    a.account,
    b.cluster_id,
    figures.membership,
    figures.role
