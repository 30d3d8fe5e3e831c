-- The lists of names that the objects of a chunk of JSONL have, each once.
-- Reads: chunk.
SELECT DISTINCT json_keys(line) AS names
FROM chunk
WHERE CASE WHEN starts_with(ltrim(line, E' \t\r\n'), '{') THEN json_valid(line) ELSE false END
