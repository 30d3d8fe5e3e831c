-- The operator of the network (AS number) of every address that at least two accounts use, where the input tells it. A
-- network that stands for an unknown one would be wrong: carriers have many, and dual stack makes two of one.
-- reads:  merged_sightings, identifier_position
SELECT identifier_position.position AS identifier, min(merged_sightings.asn)::BIGINT AS asn
FROM merged_sightings
JOIN identifier_position USING (identifier)
WHERE merged_sightings.kind = 'ip_address' AND merged_sightings.asn IS NOT NULL
GROUP BY identifier_position.position
ORDER BY identifier
