-- Reads: context_standing, identities. Writes: context_new.
CREATE OR REPLACE TEMP TABLE context_new AS
SELECT account.id AS account, created_at, domain.id AS email_domain, org.id AS organization, tier, verified, status
FROM context_standing AS given
JOIN identities AS account ON account.kind = 'account' AND account.value = given.account_id
LEFT JOIN identities AS domain ON domain.kind = 'email_domain' AND domain.value = given.email_domain
LEFT JOIN identities AS org ON org.kind = 'organization_id' AND org.value = given.organization_id
