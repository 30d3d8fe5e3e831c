-- Whom verdicts keep in a cluster or out of it, by cluster and account.
-- Reads: decided, identities. Parameters: cluster (NULL: any), account (NULL: any).
SELECT
    decided.cluster_id,
    coalesce(names.value, 'purged:' || decided.account::VARCHAR) AS account_id,
    decided.case_id,
    decided.stands
FROM decided
LEFT JOIN identities AS names ON names.id = decided.account AND names.kind = 'account'
WHERE ($cluster::VARCHAR IS NULL OR decided.cluster_id = $cluster)
  AND ($account::BIGINT IS NULL OR decided.account = $account)
ORDER BY decided.cluster_id, decided.stands, account_id
