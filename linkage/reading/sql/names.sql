-- Account ids behind surrogate ids.
-- Reads: identities. Parameters: ids.
SELECT id, value FROM identities WHERE kind = 'account' AND id IN (SELECT unnest($ids::BIGINT[]))
