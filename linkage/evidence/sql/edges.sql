-- Edges of the account–identifier graph over identifiers that at least two accounts use.
-- reads:  merged_sightings, identifier_position
SELECT
    merged_sightings.position AS account,
    identifier_position.position AS identifier,
    (epoch_us(merged_sightings.first_seen) // 86400000000)::INTEGER AS first_day,
    (epoch_us(merged_sightings.last_seen) // 86400000000)::INTEGER AS last_day,
    merged_sightings.events AS events,
    merged_sightings.asn AS asn
FROM merged_sightings
JOIN identifier_position USING (identifier)
ORDER BY account, identifier
