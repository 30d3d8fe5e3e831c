-- Reads: retracted. Parameters: $inner, $outer.
SELECT CAST(origin_file AS VARCHAR) AS origin, origin_row AS row, cause, day, keyed(CAST(digest AS VARCHAR), $inner, $outer) AS digest
FROM retracted
ORDER BY origin, row
