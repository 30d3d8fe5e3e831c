// Relationships that no reader sees any more.
// Writes: USED, LINKED, MEMBER_OF, ABOUT. Parameters: generation (the one that is served), rows (at most so many at once).
CALL () {
    MATCH ()-[r:USED]->() WHERE r.valid_to <= $generation RETURN r
    UNION ALL
    MATCH ()-[r:LINKED]->() WHERE r.valid_to <= $generation RETURN r
    UNION ALL
    MATCH ()-[r:MEMBER_OF]->() WHERE r.valid_to <= $generation RETURN r
    UNION ALL
    MATCH ()-[r:ABOUT]->() WHERE r.valid_to <= $generation RETURN r
}
WITH r LIMIT $rows
DELETE r
RETURN count(*) AS rows
