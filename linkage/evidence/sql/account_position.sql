-- Canonical order of the window's accounts: by raw id, so that nothing later depends on the order of arrival.
-- reads:  activity, identities
-- writes: account_position (account, position, events)
CREATE OR REPLACE TEMP TABLE account_position AS
SELECT seen.account, row_number() OVER (ORDER BY identities.value, seen.account) - 1 AS position, seen.events
FROM (SELECT account, sum(events) AS events FROM activity GROUP BY account) AS seen
LEFT JOIN identities ON identities.id = seen.account AND identities.kind = 'account'
