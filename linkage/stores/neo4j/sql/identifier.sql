-- Identifiers as the graph has them, those on one account included: nothing is learned of them, so that only sightings
-- know them.
-- Reads: sightings, identifiers.
SELECT identifier, kind, degree, trust, bits, hub, note
FROM identifiers
UNION ALL
SELECT DISTINCT identifier, sightings.kind, 1, NULL, NULL, false, NULL
FROM sightings
ANTI JOIN identifiers USING (identifier)
