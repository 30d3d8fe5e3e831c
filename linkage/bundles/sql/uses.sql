-- Which members used which identifiers that the cluster shares, and how often: the strongest of each member.
-- reads: snapshot_sightings, snapshot_members, snapshot_cluster_identifiers
-- parameters: cluster, most (identifiers a member)
SELECT sightings.account, sightings.identifier, sightings.events
FROM snapshot_sightings AS sightings
SEMI JOIN (FROM snapshot_members WHERE cluster_id = $cluster) AS members ON members.account = sightings.account
JOIN (FROM snapshot_cluster_identifiers WHERE cluster_id = $cluster) AS evidence
    ON evidence.identifier = sightings.identifier
QUALIFY row_number() OVER (PARTITION BY sightings.account ORDER BY evidence.bits DESC, sightings.identifier) <= $most
ORDER BY sightings.account, sightings.identifier
