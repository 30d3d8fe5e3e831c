// Linked accounts of a generation, as the table linked has it.
// Reads: LINKED. Parameters: generation.
MATCH (a:Account)-[r:LINKED]->(b:Account)
WHERE r.valid_from <= $generation AND coalesce(r.valid_to > $generation, true)
RETURN
    a.account,
    b.account,
    r.weight_bits,
    r.kinds
