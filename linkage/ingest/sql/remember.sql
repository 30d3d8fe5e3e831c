-- Ids that were given just now.
-- Reads: {ids}. Writes: identities. Parameters: $kind, $next, $unit.
INSERT INTO identities BY NAME
SELECT $kind AS kind, id, value, CAST($unit AS INTEGER) AS unit FROM {ids} WHERE id >= $next
