-- Rows that say what is known already.
-- Reads: context_new, {table}.
SELECT count(*) FROM (FROM context_new INTERSECT FROM {table})
