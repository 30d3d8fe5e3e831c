CREATE INDEX identifier_closed IF NOT EXISTS FOR (n:Identifier) ON (n.valid_to)
