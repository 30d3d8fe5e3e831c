-- Identifier kinds of a chunk in the long layout.
-- Reads: {admitted}. Parameters: $reserved.
SELECT DISTINCT kind
FROM {admitted} AS admitted
WHERE regexp_full_match(kind, '[a-z][a-z0-9_]{0,62}') AND NOT list_contains($reserved, kind)
ORDER BY kind
