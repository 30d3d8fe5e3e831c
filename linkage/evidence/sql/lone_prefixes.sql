-- Addresses that one account used alone say nothing; their network says who else was near.
-- reads:  merged_sightings, identities
-- writes: merged_sightings
-- parameters: kind (of derived networks)
INSERT INTO merged_sightings
WITH lone AS (
    SELECT identifier FROM merged_sightings WHERE kind = 'ip_address' GROUP BY identifier HAVING count(*) = 1
)
SELECT
    m.position, m.account, $kind AS kind,
    -1000000000 - dense_rank() OVER (ORDER BY i.prefix) AS identifier,
    sum(m.events)::BIGINT, sum(m.tokens)::BIGINT, max(m.active_days), min(m.first_seen), max(m.last_seen)
FROM merged_sightings AS m
JOIN lone USING (identifier)
JOIN identities AS i ON i.id = m.identifier
WHERE i.prefix IS NOT NULL AND NOT coalesce(i.private, false)
GROUP BY m.position, m.account, i.prefix
