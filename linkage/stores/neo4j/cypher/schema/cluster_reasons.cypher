CREATE FULLTEXT INDEX cluster_reasons IF NOT EXISTS FOR (n:Cluster) ON EACH [n.top_reasons]
