-- Place in the network of every address that an account of the graph used: its operator, else its prefix, as a number
-- that means nothing else.
-- reads: merged_sightings, identifier_position, identities
SELECT
    merged_sightings.position AS account,
    identifier_position.position AS identifier,
    hash(coalesce(
        merged_sightings.asn::VARCHAR, identities.prefix, merged_sightings.identifier::VARCHAR
    )) AS place
FROM merged_sightings
JOIN identifier_position USING (identifier)
LEFT JOIN identities ON identities.id = merged_sightings.identifier
WHERE merged_sightings.kind = 'ip_address'
ORDER BY account, identifier
