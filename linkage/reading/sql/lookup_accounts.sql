-- The accounts given, and how each stands.
-- Reads: accounts, members, clusters, identities. Parameters: ids.
SELECT
    accounts.account AS identifier_id,
    coalesce(identities.value, 'purged:' || accounts.account) AS account_id,
    accounts.events,
    accounts.tokens,
    accounts.active_days,
    accounts.first_seen,
    accounts.last_seen,
    1::BIGINT AS degree,
    members.cluster_id,
    members.membership,
    members.role,
    coalesce(clusters.flagged AND members.membership >= 0.5, FALSE) AS flagged
FROM (SELECT * FROM accounts WHERE account IN (SELECT unnest($ids::BIGINT[]))) AS accounts
LEFT JOIN members ON members.account = accounts.account
LEFT JOIN clusters ON clusters.cluster_id = members.cluster_id
LEFT JOIN identities ON identities.id = accounts.account AND identities.kind = 'account'
ORDER BY account_id
