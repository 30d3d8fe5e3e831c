CREATE INDEX used_closed IF NOT EXISTS FOR ()-[r:USED]-() ON (r.valid_to)
