-- Sums over hashes of what the rows say, with raw values in the place of surrogate ids, which depend on order.
-- Reads: context_accounts, identities.
SELECT sum(high(digest)), sum(low(digest))
FROM (
    SELECT CAST(substr(sha256(concat_ws(chr(31), coalesce(account.value, ''), coalesce(CAST(created_at AS VARCHAR), ''),
        coalesce(domain.value, ''), coalesce(org.value, ''), coalesce(tier, ''), coalesce(CAST(verified AS VARCHAR), ''),
        coalesce(status, ''))), 1, 32) AS UUID) AS digest
    FROM context_accounts AS known
    LEFT JOIN identities AS account ON account.id = known.account
    LEFT JOIN identities AS domain ON domain.id = known.email_domain
    LEFT JOIN identities AS org ON org.id = known.organization
)
