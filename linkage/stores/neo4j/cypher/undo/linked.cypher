// Links that an abandoned publication changed: what they said before.
// Writes: LINKED. Parameters: generation, rows (at most so many at once).
MATCH ()-[r:LINKED]->()
WHERE r.valid_from = $generation
WITH r LIMIT $rows
SET
    r.valid_from = r.previous_from,
    r.weight_bits = r.previous_weight_bits,
    r.kinds = r.previous_kinds
RETURN count(*) AS rows
