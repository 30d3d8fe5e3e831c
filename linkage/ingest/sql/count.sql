-- Reads: {table}.
SELECT count(*) FROM {table}
