-- The accounts given and their clusters, members first.
-- Reads: accounts, members, identities. Parameters: accounts.
SELECT
    accounts.account,
    coalesce(identities.value, 'purged:' || accounts.account) AS account_id,
    members.membership,
    members.role,
    members.cluster_id
FROM (SELECT account FROM accounts WHERE account IN (SELECT unnest($accounts::BIGINT[]))) AS accounts
LEFT JOIN members ON members.account = accounts.account
LEFT JOIN identities ON identities.id = accounts.account AND identities.kind = 'account'
ORDER BY members.membership DESC NULLS LAST, accounts.account
