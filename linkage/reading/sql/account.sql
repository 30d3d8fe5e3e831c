-- Surrogate id of an account.
-- Reads: identities. Parameters: value.
SELECT id FROM identities WHERE kind = 'account' AND value = $value
