-- Abuse terms of a cluster, the strongest first.
-- Reads: cluster_terms. Parameters: cluster.
SELECT term, evidence, observed, expected, effect, points, sentence
FROM cluster_terms
WHERE cluster_id = $cluster
ORDER BY abs(points) DESC, term
