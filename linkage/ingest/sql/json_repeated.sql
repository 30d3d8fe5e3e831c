-- Places of the objects whose list of names is among those given.
-- Reads: chunk. Parameters: $lists.
SELECT place
FROM (SELECT line, row_number() OVER () - 1 AS place FROM chunk)
WHERE CASE WHEN json_valid(line) THEN list_contains($lists, json_keys(line)) ELSE false END
ORDER BY place
