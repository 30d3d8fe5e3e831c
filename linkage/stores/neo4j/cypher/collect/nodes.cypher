// Accounts, identifiers and cases that no reader sees any more; their relationships went before.
// Writes: Account, Identifier, Case. Parameters: generation (the one that is served), rows (at most so many at once).
CALL () {
    MATCH (n:Account) WHERE n.valid_to <= $generation RETURN n
    UNION ALL
    MATCH (n:Identifier) WHERE n.valid_to <= $generation RETURN n
    UNION ALL
    MATCH (n:Case) WHERE n.valid_to <= $generation RETURN n
}
WITH n LIMIT $rows
DELETE n
RETURN count(*) AS rows
