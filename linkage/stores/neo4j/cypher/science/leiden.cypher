// Part of each node; on one thread, so that the seed decides.
// Reads: a graph of Graph Data Science. Parameters: graph, seed.
CALL gds.leiden.stream($graph, {relationshipWeightProperty: 'weight', randomSeed: $seed, concurrency: 1})
YIELD nodeId, communityId
RETURN nodeId, communityId
