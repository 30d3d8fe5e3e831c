-- Identities (accounts among them) whose value is one of those given, or whose surrogate id is.
-- Reads: identities. Parameters: values, ids.
SELECT kind, id, value FROM identities WHERE value IN (SELECT unnest($values::VARCHAR[]))
UNION
SELECT kind, id, value FROM identities WHERE id IN (SELECT unnest($ids::BIGINT[]))
ORDER BY kind, value
