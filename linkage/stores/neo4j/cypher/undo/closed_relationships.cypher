// Relationships that an abandoned publication closed hold again.
// Writes: USED, LINKED, MEMBER_OF, ABOUT. Parameters: generation, rows (at most so many at once).
MATCH ()-[r:USED|LINKED|MEMBER_OF|ABOUT]->()
WHERE r.valid_to = $generation
WITH r LIMIT $rows
SET r.valid_to = NULL
RETURN count(*) AS rows
