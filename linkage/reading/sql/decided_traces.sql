-- Identifiers that were the own of the accounts of a verdict when people looked: most accounts on them are of the
-- verdict, of an address at least two. And the other accounts that were on them then.
-- reads: sightings, decided_accounts (account)
-- parameters: share (of an identifier's accounts from which it is their own), networks (kinds of network identifiers)
WITH theirs AS (
    SELECT sightings.identifier, count(*) AS accounts
    FROM sightings
    SEMI JOIN decided_accounts ON decided_accounts.account = sightings.account
    WHERE sightings.identifier > 0 -- schedules are of one refresh
    GROUP BY sightings.identifier
    HAVING count(*) >= if(list_contains($networks, any_value(sightings.kind)), 2, 1)
)
SELECT
    sightings.identifier,
    coalesce(
        list(sightings.account ORDER BY sightings.account) FILTER (decided_accounts.account IS NULL), []
    ) AS others
FROM sightings
JOIN theirs ON theirs.identifier = sightings.identifier
LEFT JOIN decided_accounts ON decided_accounts.account = sightings.account
GROUP BY sightings.identifier
HAVING any_value(theirs.accounts) >= $share * count(*)
ORDER BY sightings.identifier
