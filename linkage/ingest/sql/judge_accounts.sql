-- Reads: context_given. Writes: context_judged.
CREATE OR REPLACE TEMP TABLE context_judged AS
SELECT
    row,
    CASE
        WHEN row_rule IS NOT NULL THEN row_rule
        WHEN account_id IS NULL THEN 'account_id.missing'
        WHEN length(account_id) > 256 THEN 'account_id.too_long'
        WHEN wrong_time THEN 'created_at.invalid'
        WHEN verified NOT IN ('true', 'false', '1', '0', 'yes', 'no', 't', 'f') THEN 'verified.invalid'
        WHEN regexp_matches(concat(account_id, email_domain, organization_id, tier, status), '[\x00-\x1f\x7f-\x{9f}]')
        THEN 'row.control_characters'
    END AS rule,
    'accounts.conflicting' AS conflict,
    account_id AS key,
    concat_ws(chr(31), account_id, coalesce(CAST(given_time AS VARCHAR), ''), coalesce(email_domain, ''),
        coalesce(organization_id, ''), coalesce(tier, ''), coalesce(verified, ''), coalesce(status, '')) AS content,
    account_id,
    moment AS created_at,
    email_domain,
    organization_id,
    tier,
    verified IN ('true', '1', 'yes', 't') AS verified,
    status
FROM (SELECT * REPLACE (lower(verified) AS verified, lower(email_domain) AS email_domain) FROM context_given)
