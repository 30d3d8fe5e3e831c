CREATE INDEX cluster_score IF NOT EXISTS FOR (n:Cluster) ON (n.score)
