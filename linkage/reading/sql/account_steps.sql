-- Bits that put an account into its cluster, or kept it out of one; an account's steps of a cluster sum to its total.
-- Reads: account_bits, identities. Parameters: account.
SELECT
    steps.cluster_id,
    steps.step,
    steps.kind,
    steps.identifier AS identifier_id,
    identities.value,
    steps.bits
FROM account_bits AS steps
LEFT JOIN identities ON identities.id = steps.identifier AND identities.kind = steps.kind
WHERE steps.account = $account
ORDER BY
    steps.cluster_id,
    CASE steps.step WHEN 'prior' THEN 0 WHEN 'identifier' THEN 1 WHEN 'discount' THEN 2 ELSE 3 END,
    abs(steps.bits) DESC,
    steps.kind NULLS FIRST,
    steps.identifier NULLS FIRST,
    steps.bits
