-- Duplicates by file.
-- Reads: fates.
SELECT file, count(*) FROM fates WHERE fate = 'duplicate' GROUP BY file
