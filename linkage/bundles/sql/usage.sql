-- Daily usage of the accounts of a bundle.
-- reads: usage, wanted (account)
SELECT usage.*
FROM usage
SEMI JOIN wanted ON wanted.account = usage.account
ORDER BY usage.day, usage.account, usage.model, usage.capability
