-- Accounts that used something alone, of kinds of which an account holds few: one row an account and kind, however many
-- they tried. Whoever tests a thousand cards must not take the places of everybody who holds one.
-- reads:  merged_sightings, identifier_position
-- parameters: kinds (list of identifier kinds)
SELECT
    merged_sightings.position AS account,
    merged_sightings.kind AS kind,
    (epoch_us(min(merged_sightings.first_seen)) // 86400000000)::INTEGER AS first_day,
    (epoch_us(max(merged_sightings.last_seen)) // 86400000000)::INTEGER AS last_day,
    sum(merged_sightings.events)::BIGINT AS events
FROM merged_sightings
ANTI JOIN identifier_position USING (identifier)
WHERE list_contains($kinds, merged_sightings.kind)
GROUP BY merged_sightings.position, merged_sightings.kind
ORDER BY account, kind
