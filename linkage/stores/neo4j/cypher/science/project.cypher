// Links as a graph in the server's memory; each undirected pair is given once.
// Writes: a graph of Graph Data Science. Parameters: graph, first, second, weight (three lists, a link a position).
UNWIND range(0, size($first) - 1) AS at
WITH $first[at] AS one, $second[at] AS other, $weight[at] AS weight
WITH gds.graph.project(
    $graph, one, other, {relationshipProperties: {weight: weight}}, {undirectedRelationshipTypes: ['*']}
) AS projected
RETURN projected.relationshipCount
