// Whether the server has Leiden of Graph Data Science.
// Reads: nothing of the graph.
SHOW PROCEDURES YIELD name
WHERE name = 'gds.leiden.stream'
RETURN count(*) > 0
