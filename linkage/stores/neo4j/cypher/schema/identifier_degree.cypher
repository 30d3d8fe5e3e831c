CREATE INDEX identifier_degree IF NOT EXISTS FOR (n:Identifier) ON (n.degree)
