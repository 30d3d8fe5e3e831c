-- Raw ids of the window's accounts in canonical order; needed for content-derived ids only, and not kept.
-- reads: account_position, identities
SELECT coalesce(identities.value, 'purged:' || account_position.account::VARCHAR) AS name
FROM account_position
LEFT JOIN identities ON identities.id = account_position.account AND identities.kind = 'account'
ORDER BY account_position.position
