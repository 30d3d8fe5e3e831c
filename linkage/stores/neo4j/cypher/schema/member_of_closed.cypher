CREATE INDEX member_of_closed IF NOT EXISTS FOR ()-[r:MEMBER_OF]-() ON (r.valid_to)
