-- Accounts that came to what was a confirmed case's own after people had looked, with what each uses of it, those who
-- use most of it first.
-- Reads: followed, members, clusters, identities. Parameters: case (NULL: any), cluster (NULL: any).
SELECT
    followed.case_id,
    coalesce(names.value, 'purged:' || followed.account::VARCHAR) AS account_id,
    members.cluster_id,
    coalesce(clusters.flagged AND members.membership >= 0.5, false) AS flagged,
    list_sort(list(DISTINCT followed.kind)) AS kinds,
    list({
        'kind': followed.kind, 'identifier_id': followed.identifier, 'value': identities.value
    } ORDER BY followed.kind, followed.identifier) AS uses,
    min(followed.accounts) AS rarest,
    sum(followed.events)::BIGINT AS events,
    min(followed.first_seen) AS first_seen,
    max(followed.last_seen) AS last_seen
FROM followed
LEFT JOIN members ON members.account = followed.account
LEFT JOIN clusters ON clusters.cluster_id = members.cluster_id
LEFT JOIN identities ON identities.id = followed.identifier AND identities.kind = followed.kind
LEFT JOIN identities AS names ON names.id = followed.account AND names.kind = 'account'
WHERE followed.new
  AND ($case::VARCHAR IS NULL OR followed.case_id = $case)
  AND ($cluster::VARCHAR IS NULL OR members.cluster_id = $cluster)
GROUP BY followed.case_id, followed.account, names.value, members.cluster_id, members.membership, clusters.flagged
ORDER BY len(uses) DESC, followed.case_id, account_id
