-- Accounts that used the identifiers given, and how each stands.
-- Reads: sightings, identifiers, members, clusters, identities. Parameters: ids.
SELECT
    seen.identifier AS identifier_id,
    coalesce(identities.value, 'purged:' || seen.account) AS account_id,
    seen.events,
    seen.tokens,
    seen.active_days,
    seen.first_seen,
    seen.last_seen,
    coalesce(identifiers.degree, 1) AS degree,
    members.cluster_id,
    members.membership,
    members.role,
    coalesce(clusters.flagged AND members.membership >= 0.5, FALSE) AS flagged
FROM (SELECT * FROM sightings WHERE identifier IN (SELECT unnest($ids::BIGINT[]))) AS seen
LEFT JOIN identifiers ON identifiers.identifier = seen.identifier
LEFT JOIN members ON members.account = seen.account
LEFT JOIN clusters ON clusters.cluster_id = members.cluster_id
LEFT JOIN identities ON identities.id = seen.account AND identities.kind = 'account'
ORDER BY seen.identifier, account_id
