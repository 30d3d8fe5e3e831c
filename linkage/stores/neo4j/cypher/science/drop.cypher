// Give the memory of a projected graph back.
// Writes: a graph of Graph Data Science. Parameters: graph.
CALL gds.graph.drop($graph, false)
YIELD graphName
RETURN graphName
