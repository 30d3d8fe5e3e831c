-- Sightings merged over the window: one row per account and identifier.
-- reads:  sightings, schedule_sightings, account_position, active_days (macro)
-- writes: merged_sightings
-- parameters: kinds (list of identifier kinds that are on), allowed (identifiers that are known to be benign),
--             first, days (first day, and how many days later the last one is)
CREATE OR REPLACE TEMP TABLE merged_sightings AS
SELECT account_position.position, merged.*
FROM (
    SELECT
        account,
        -- An identifier is of one kind.
        any_value(kind) AS kind,
        identifier,
        sum(events)::BIGINT AS events,
        sum(tokens)::BIGINT AS tokens,
        active_days(day - $first, $days)::BIGINT AS active_days,
        min(first_seen) AS first_seen,
        max(last_seen) AS last_seen,
        min(asn) AS asn
    FROM (SELECT * FROM sightings UNION ALL BY NAME SELECT * FROM schedule_sightings)
    WHERE list_contains($kinds, kind) AND NOT list_contains($allowed, identifier)
    GROUP BY account, identifier
) AS merged
JOIN account_position USING (account)
