// Relationships that an abandoned publication wrote.
// Writes: USED, LINKED, MEMBER_OF, DERIVED_FROM. Parameters: generation, rows (at most so many at once).
MATCH ()-[r:USED|LINKED|MEMBER_OF|DERIVED_FROM]->()
WHERE r.valid_from = $generation
WITH r LIMIT $rows
DELETE r
RETURN count(*) AS rows
