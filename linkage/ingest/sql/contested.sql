-- Staged rows whose key occurs more than once.
-- Reads: staged, known. Writes: contested.
CREATE OR REPLACE TEMP TABLE contested AS
SELECT staged.rowid AS entry, staged.file, staged.row, staged.event_key, staged.digest, known.digest AS standing
FROM staged
LEFT JOIN known ON known.event_key = staged.event_key
WHERE known.event_key IS NOT NULL
   OR staged.event_key IN (SELECT event_key FROM staged GROUP BY event_key HAVING count(*) > 1)
