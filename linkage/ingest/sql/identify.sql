-- Surrogate ids of the values in hand: the one that a value has, or the next ones, in the order of the values.
-- Reads: {relation}, identities. Writes: {ids}. Parts: {column}. Parameters: $kind, $next.
CREATE OR REPLACE TEMP TABLE {ids} AS
SELECT
    given.value,
    coalesce(present.id, $next - 1 + row_number() OVER (PARTITION BY present.id IS NULL ORDER BY given.value)) AS id
FROM (SELECT DISTINCT {column} AS value FROM {relation} WHERE {column} IS NOT NULL) AS given
LEFT JOIN (SELECT id, value FROM identities WHERE kind = $kind) AS present ON present.value = given.value
