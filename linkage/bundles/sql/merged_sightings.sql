-- Sightings of a bundle merged over its window, as linkage.evidence merges those of the lake, which may hold several
-- rows of an account, an identifier and a day. Here each day is one row, and the days are not counted.
-- reads:  sightings, schedule_sightings, account_position
-- writes: merged_sightings
-- parameters: kinds (list of identifier kinds that were on), allowed (identifiers that were known to be benign)
CREATE OR REPLACE TEMP TABLE merged_sightings AS
SELECT
    any_value(account_position.position) AS position,
    sightings.account AS account,
    any_value(sightings.kind) AS kind,
    sightings.identifier AS identifier,
    sum(sightings.events)::BIGINT AS events,
    sum(sightings.tokens)::BIGINT AS tokens,
    min(sightings.first_seen) AS first_seen,
    max(sightings.last_seen) AS last_seen,
    min(sightings.asn) AS asn
FROM (SELECT * FROM sightings UNION ALL BY NAME SELECT * FROM schedule_sightings) AS sightings
JOIN account_position ON account_position.account = sightings.account
WHERE list_contains($kinds, sightings.kind)
  AND NOT list_contains($allowed, sightings.identifier)
GROUP BY sightings.account, sightings.identifier
