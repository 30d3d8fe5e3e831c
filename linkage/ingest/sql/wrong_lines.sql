-- JSONL records that are no object, or hold one where a value is needed.
-- Reads: admitted.
SELECT row, row_rule FROM admitted WHERE row_rule IS NOT NULL ORDER BY row
