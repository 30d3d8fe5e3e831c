-- Values that have no surrogate id yet get the next ones, in the order of the values.
-- Reads: {relation}. Reads and writes: identities. Parts: {column}. Parameters: $kind, $next, $unit.
INSERT INTO identities BY NAME
SELECT $kind AS kind, $next - 1 + row_number() OVER (ORDER BY value) AS id, value, CAST($unit AS INTEGER) AS unit
FROM (SELECT DISTINCT {column} AS value FROM {relation} WHERE {column} IS NOT NULL) AS given
ANTI JOIN (SELECT value FROM identities WHERE kind = $kind) AS present ON present.value = given.value
