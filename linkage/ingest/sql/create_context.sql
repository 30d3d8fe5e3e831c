-- Writes: {table}. Parts: {columns} with their types.
CREATE OR REPLACE TEMP TABLE {table} ({columns})
