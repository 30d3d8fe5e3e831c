-- Which of the accounts given used which of the identifiers given.
-- Reads: sightings. Parameters: accounts, identifiers.
SELECT account, identifier, events, first_seen, last_seen
FROM sightings
WHERE account IN (SELECT unnest($accounts::BIGINT[])) AND identifier IN (SELECT unnest($identifiers::BIGINT[]))
ORDER BY account, identifier
