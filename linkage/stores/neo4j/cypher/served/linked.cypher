// Linked accounts of a generation, as the table linked has it.
// Reads: LINKED. Parameters: generation.
MATCH (a:Account)-[r:LINKED]->(b:Account)
WHERE CASE
    WHEN r.valid_from <= $generation THEN coalesce(r.valid_to > $generation, true)
    ELSE r.previous_from IS NOT NULL
END
WITH a, b, CASE
    WHEN r.valid_from <= $generation THEN r {.weight_bits, .kinds}
    ELSE {weight_bits: r.previous_weight_bits, kinds: r.previous_kinds}
END AS figures
RETURN
    a.account,
    b.account,
    figures.weight_bits,
    figures.kinds
