-- What an account did in the window, and its cluster.
-- Reads: accounts, members, clusters. Parameters: account.
SELECT
    accounts.events,
    accounts.tokens,
    accounts.cost_usd_micros,
    accounts.active_days,
    accounts.first_seen,
    accounts.last_seen,
    members.cluster_id,
    members.membership,
    members.role,
    clusters.score AS cluster_score,
    clusters.q_value,
    clusters.tier,
    coalesce(clusters.flagged AND members.membership >= 0.5, FALSE) AS flagged
FROM accounts
LEFT JOIN members ON members.account = accounts.account
LEFT JOIN clusters ON clusters.cluster_id = members.cluster_id
WHERE accounts.account = $account
