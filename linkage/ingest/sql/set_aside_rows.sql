-- Reads: set_aside.
SELECT file, row, rule, digest FROM set_aside ORDER BY file, row
