-- Identifiers that the accounts of a bundle used; those of the graph first, in its canonical order.
-- reads: window_sightings, wanted (account), snapshot_identifiers, snapshot_sightings, identities,
--        aside (identifier): no evidence for this cluster
-- parameters: kinds (identifier kinds that were on)
WITH used AS (
    SELECT DISTINCT sightings.kind, sightings.identifier
    FROM window_sightings AS sightings
    SEMI JOIN wanted ON wanted.account = sightings.account
    WHERE list_contains($kinds, sightings.kind)
), counted AS (
    SELECT DISTINCT sightings.identifier
    FROM snapshot_sightings AS sightings
    SEMI JOIN wanted ON wanted.account = sightings.account
)
SELECT
    used.identifier,
    used.kind,
    CASE
        WHEN used.identifier < 0 THEN 'schedule ' || -used.identifier
        ELSE coalesce(identities.value, 'purged:' || used.identifier::VARCHAR)
    END AS value,
    identities.value AS raw, -- NULL where it has none, or none any more
    identities.prefix,
    identities.private,
    coalesce(shared.degree, 1) AS degree,
    if(aside.identifier IS NULL, shared.trust, 0.0) AS trust,
    if(aside.identifier IS NULL, shared.bits, 0.0) AS bits,
    counted.identifier IS NULL AS allowed,
    shared.file_row_number AS position
FROM used
LEFT JOIN snapshot_identifiers AS shared ON shared.identifier = used.identifier
LEFT JOIN aside ON aside.identifier = used.identifier
LEFT JOIN identities ON identities.id = used.identifier
LEFT JOIN counted ON counted.identifier = used.identifier
ORDER BY position NULLS LAST, used.kind, value
