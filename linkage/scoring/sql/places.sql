-- Where in the network every address lies that an account of the graph used: operator and prefix, NULL where unknown.
-- reads: merged_sightings, identifier_position, identities
SELECT
    merged_sightings.position AS account,
    identifier_position.position AS identifier,
    merged_sightings.asn AS asn,
    identities.prefix AS prefix
FROM merged_sightings
JOIN identifier_position USING (identifier)
LEFT JOIN identities ON identities.id = merged_sightings.identifier
WHERE merged_sightings.kind = 'ip_address'
ORDER BY account, identifier
