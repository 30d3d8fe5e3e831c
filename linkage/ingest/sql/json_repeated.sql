-- Record numbers of the objects whose list of names is among those given.
-- Reads: chunk. Parameters: $lists.
SELECT row
FROM chunk
WHERE CASE WHEN json_valid(line) THEN list_contains($lists, json_keys(line)) ELSE false END
ORDER BY row
