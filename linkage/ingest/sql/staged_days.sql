-- UTC days of what is staged, of one file where one is given.
-- Reads: staged. Parameters: $file.
SELECT DISTINCT CAST(event_time AS DATE) AS day
FROM staged
WHERE CAST($file AS INTEGER) IS NULL OR file = $file
