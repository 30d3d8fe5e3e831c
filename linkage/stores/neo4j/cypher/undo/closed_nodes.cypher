// Nodes that an abandoned publication closed hold again; those that it made as well stay closed.
// Writes: Account, Identifier, Cluster, Case. Parameters: generation, rows (at most so many at once).
MATCH (n:Account|Identifier|Cluster|Case)
WHERE n.valid_to = $generation AND n.valid_from < $generation
WITH n LIMIT $rows
SET n.valid_to = NULL
RETURN count(*) AS rows
