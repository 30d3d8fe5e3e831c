-- Members of a cluster, the surest first, with the bits for and against each by kind of evidence.
-- reads: snapshot_members, snapshot_accounts, snapshot_account_bits
-- parameters: cluster
WITH steps AS (
    SELECT account, coalesce(kind, step) AS label, kind IS NULL AS whole, sum(bits) AS bits
    FROM snapshot_account_bits
    WHERE cluster_id = $cluster
    GROUP BY ALL
), reasons AS (
    SELECT account, string_agg(format('{} {:+.2f}', label, bits), '; ' ORDER BY whole, abs(bits) DESC, label) AS reasons
    FROM steps
    WHERE abs(bits) >= 0.005
    GROUP BY account
)
SELECT
    members.account,
    members.membership,
    members.role,
    accounts.events,
    accounts.tokens,
    accounts.first_seen,
    accounts.last_seen,
    coalesce(reasons.reasons, '') AS reasons
FROM snapshot_members AS members
JOIN snapshot_accounts AS accounts USING (account)
LEFT JOIN reasons USING (account)
WHERE members.cluster_id = $cluster
ORDER BY members.file_row_number
