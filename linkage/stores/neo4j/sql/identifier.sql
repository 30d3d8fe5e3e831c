-- Identifiers as the graph has them, those on one account included: nothing is learned of them.
-- Reads: sightings, identifiers.
SELECT
    seen.identifier,
    seen.kind,
    coalesce(identifiers.degree, 1) AS degree,
    identifiers.trust,
    identifiers.bits,
    coalesce(identifiers.hub, false) AS hub,
    identifiers.note
FROM (SELECT DISTINCT identifier, kind FROM sightings) AS seen
LEFT JOIN identifiers USING (identifier)
