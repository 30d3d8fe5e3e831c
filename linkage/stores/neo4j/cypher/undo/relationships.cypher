// Relationships that an abandoned publication made.
// Writes: USED, LINKED, MEMBER_OF, DERIVED_FROM, ABOUT. Parameters: generation, rows (at most so many at once).
MATCH ()-[r:USED|LINKED|MEMBER_OF|DERIVED_FROM|ABOUT]->()
WHERE r.valid_from = $generation AND r.previous_from IS NULL
WITH r LIMIT $rows
DELETE r
RETURN count(*) AS rows
