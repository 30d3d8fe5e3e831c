// Identifiers that are not in this generation any more.
// Writes: Identifier. Parameters: generation, rows (identifier).
UNWIND $rows AS row
MATCH (n:Identifier {identifier: row[0]})
SET n.valid_to = $generation
