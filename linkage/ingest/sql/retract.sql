-- Rows accepted earlier that do not stand any more.
-- Reads: known, fates. Writes: retracted.
INSERT INTO retracted BY NAME
SELECT known.event_key, known.digest, known.day, known.origin_file, known.origin_row, min(fates.file) AS cause
FROM known
JOIN fates ON fates.event_key = known.event_key AND fates.fate = 'accepted'
GROUP BY ALL
