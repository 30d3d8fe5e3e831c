CREATE INDEX used_last_seen IF NOT EXISTS FOR ()-[r:USED]-() ON (r.last_seen)
