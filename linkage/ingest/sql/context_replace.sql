-- Rows that the newer file says anew.
-- Reads: context_new. Reads and writes: {table}. Parts: {key}.
DELETE FROM {table} WHERE {key} IN (SELECT {key} FROM context_new)
