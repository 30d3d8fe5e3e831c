-- Clusters on whose own identifiers something was reported, and by whom: most accounts on them are members.
-- Reads: watched, sightings, members. Parameters: share (of an identifier's accounts that makes it a cluster's own).
SELECT DISTINCT cluster_id, source
FROM (
    SELECT members.cluster_id, watched.source, watched.identifier
    FROM watched
    JOIN sightings ON sightings.identifier = watched.identifier
    JOIN members ON members.account = sightings.account
    GROUP BY members.cluster_id, watched.source, watched.identifier, watched.accounts
    HAVING count(*) >= $share * watched.accounts
)
ORDER BY cluster_id, source
