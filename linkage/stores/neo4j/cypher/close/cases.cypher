// Cases that are not in this generation any more.
// Writes: Case. Parameters: generation, rows (case_id).
UNWIND $rows AS row
MATCH (n:Case {case_id: row[0]})
SET n.valid_to = $generation
