-- Identifiers that two or more members of a cluster used.
-- reads: member_rows (cluster_id, account), merged_sightings
SELECT
    member_rows.cluster_id,
    merged_sightings.identifier,
    merged_sightings.kind,
    count(*) AS members_on,
    sum(merged_sightings.events)::BIGINT AS events,
    min(merged_sightings.first_seen) AS first_seen,
    max(merged_sightings.last_seen) AS last_seen
FROM merged_sightings
JOIN member_rows USING (account)
GROUP BY ALL
HAVING count(*) >= 2
ORDER BY member_rows.cluster_id, merged_sightings.identifier
