CREATE INDEX linked_closed IF NOT EXISTS FOR ()-[r:LINKED]-() ON (r.valid_to)
