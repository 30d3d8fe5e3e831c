-- Sightings merged over the window: one row per account and identifier.
-- reads:  sightings, schedule_sightings, account_position
-- writes: merged_sightings
-- parameters: kinds (list of identifier kinds that are on), allowed (identifiers that are known to be benign),
--             first, days (first day, and how many days later the last one is)
CREATE OR REPLACE TEMP TABLE merged_sightings AS
SELECT
    account_position.position AS position,
    sightings.account AS account,
    sightings.kind AS kind,
    sightings.identifier AS identifier,
    sum(sightings.events)::BIGINT AS events,
    sum(sightings.tokens)::BIGINT AS tokens,
    -- One bit a day: half the work of counting distinct days.
    bit_count(bitstring_agg((sightings.day - $first)::INTEGER, 0, $days))::BIGINT AS active_days,
    min(sightings.first_seen) AS first_seen,
    max(sightings.last_seen) AS last_seen
FROM (SELECT * FROM sightings UNION ALL BY NAME SELECT * FROM schedule_sightings) AS sightings
JOIN account_position ON account_position.account = sightings.account
WHERE list_contains($kinds, sightings.kind)
  AND NOT list_contains($allowed, sightings.identifier)
GROUP BY ALL
