-- What a single account used, of kinds of which an account holds few.
-- reads:  merged_sightings, identifier_position
-- parameters: kinds (list of identifier kinds)
SELECT
    merged_sightings.position AS account,
    merged_sightings.kind AS kind,
    (epoch_us(merged_sightings.first_seen) // 86400000000)::INTEGER AS first_day,
    (epoch_us(merged_sightings.last_seen) // 86400000000)::INTEGER AS last_day,
    merged_sightings.events AS events
FROM merged_sightings
ANTI JOIN identifier_position USING (identifier)
WHERE list_contains($kinds, merged_sightings.kind)
ORDER BY ALL
