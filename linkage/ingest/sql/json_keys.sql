-- Names that the objects of a chunk of JSONL have.
-- Reads: chunk.
SELECT DISTINCT unnest(json_keys(line)) AS name
FROM chunk
WHERE CASE WHEN starts_with(ltrim(line, E' \t\r\n'), '{') THEN json_valid(line) ELSE false END
