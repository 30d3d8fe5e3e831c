-- The columns of a relation, and none of its rows.
-- Reads: {relation}.
SELECT * FROM {relation} LIMIT 0
