-- Which accounts of the window used identifiers that were a confirmed case's own, and when.
-- reads: merged_sightings, traced (identifier)
SELECT
    merged_sightings.position,
    merged_sightings.account,
    merged_sightings.identifier,
    merged_sightings.kind,
    merged_sightings.events,
    merged_sightings.first_seen,
    merged_sightings.last_seen
FROM merged_sightings
SEMI JOIN traced ON traced.identifier = merged_sightings.identifier
ORDER BY merged_sightings.identifier, merged_sightings.position
