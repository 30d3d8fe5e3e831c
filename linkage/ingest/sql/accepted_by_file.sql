-- Reads: staged.
SELECT file, count(*) FROM staged GROUP BY file
