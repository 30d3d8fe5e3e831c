-- Which accounts of the window used identifiers that are on watch lists.
-- reads: merged_sightings, watched (identifier)
SELECT merged_sightings.position AS account, merged_sightings.identifier
FROM merged_sightings
SEMI JOIN watched ON watched.identifier = merged_sightings.identifier
ORDER BY merged_sightings.identifier, account
