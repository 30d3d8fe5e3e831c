-- Reads: context_new. Writes: {table}.
INSERT INTO {table} BY NAME SELECT * FROM context_new
