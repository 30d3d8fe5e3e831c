// Uses that an abandoned publication changed: what they said before.
// Writes: USED. Parameters: generation, rows (at most so many at once).
MATCH ()-[r:USED]->()
WHERE r.valid_from = $generation
WITH r LIMIT $rows
SET
    r.valid_from = r.previous_from,
    r.count = r.previous_count,
    r.active_days = r.previous_active_days,
    r.first_seen = r.previous_first_seen,
    r.last_seen = r.previous_last_seen
RETURN count(*) AS rows
