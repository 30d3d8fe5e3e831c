-- Accounts that a cluster was judged on and for, with what is known of them, in canonical order.
-- reads: snapshot_candidates, identities, accounts
-- parameters: cluster
SELECT
    candidates.account,
    coalesce(identities.value, 'purged:' || candidates.account::VARCHAR) AS account_id,
    candidates.core,
    candidates.elsewhere,
    accounts.created_at,
    accounts.email_domain,
    accounts.organization,
    accounts.verified,
    accounts.status
FROM snapshot_candidates AS candidates
LEFT JOIN identities ON identities.id = candidates.account AND identities.kind = 'account'
LEFT JOIN accounts ON accounts.account = candidates.account
WHERE candidates.cluster_id = $cluster
ORDER BY account_id, candidates.account
