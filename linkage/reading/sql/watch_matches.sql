-- Identifiers on watch lists, with the accounts that used them and where each of those stands.
-- Reads: watched, sightings, members, clusters, identities. Parameters: source (NULL: any), cluster (NULL: any),
-- account (NULL: any).
SELECT
    watched.source,
    watched.kind,
    watched.identifier AS identifier_id,
    identities.value,
    watched.accounts,
    watched.reported_first,
    watched.reported_last,
    list(coalesce(names.value, 'purged:' || seen.account::VARCHAR) ORDER BY names.value, seen.account) AS account_ids,
    list(DISTINCT members.cluster_id ORDER BY members.cluster_id)
        FILTER (WHERE members.cluster_id IS NOT NULL) AS clusters,
    count(*) FILTER (WHERE members.cluster_id = $cluster) AS members_on,
    min(seen.first_seen) AS first_seen,
    max(seen.last_seen) AS last_seen
FROM watched
JOIN sightings AS seen ON seen.identifier = watched.identifier
LEFT JOIN members ON members.account = seen.account
LEFT JOIN identities ON identities.id = watched.identifier AND identities.kind = watched.kind
LEFT JOIN identities AS names ON names.id = seen.account AND names.kind = 'account'
WHERE ($source::VARCHAR IS NULL OR watched.source = $source)
GROUP BY ALL
HAVING ($cluster::VARCHAR IS NULL OR members_on > 0)
   AND ($account::BIGINT IS NULL OR count(*) FILTER (WHERE seen.account = $account) > 0)
ORDER BY watched.source, watched.kind, watched.identifier
