// Members that an abandoned publication changed: what they said before.
// Writes: MEMBER_OF. Parameters: generation, rows (at most so many at once).
MATCH ()-[r:MEMBER_OF]->()
WHERE r.valid_from = $generation
WITH r LIMIT $rows
SET
    r.valid_from = r.previous_from,
    r.membership = r.previous_membership,
    r.role = r.previous_role
RETURN count(*) AS rows
