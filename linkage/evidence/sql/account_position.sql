-- Canonical order of the window's accounts: by raw id, so that nothing later depends on the order of arrival.
-- reads:  activity, identities
-- writes: account_position (account, position)
CREATE OR REPLACE TEMP TABLE account_position AS
SELECT seen.account, row_number() OVER (ORDER BY identities.value, seen.account) - 1 AS position
FROM (SELECT DISTINCT account FROM activity) AS seen
LEFT JOIN identities ON identities.id = seen.account AND identities.kind = 'account'
