-- Which identifier kinds each account used at all, shared or not.
-- reads: merged_sightings
SELECT DISTINCT position, kind
FROM merged_sightings
ORDER BY position, kind
