-- Identifiers of a cluster: the evidence it stands on, or the hubs that were discounted.
-- Reads: cluster_identifiers, identifiers, identities. Parameters: cluster, role.
SELECT
    evidence.kind,
    evidence.identifier AS identifier_id,
    identities.value,
    evidence.members_on,
    evidence.degree,
    evidence.trust,
    evidence.bits,
    evidence.events,
    evidence.first_seen,
    evidence.last_seen,
    identifiers.note
FROM cluster_identifiers AS evidence
LEFT JOIN identifiers ON identifiers.identifier = evidence.identifier
LEFT JOIN identities ON identities.id = evidence.identifier AND identities.kind = evidence.kind
WHERE evidence.cluster_id = $cluster AND (evidence.role = 'evidence') = ($role::VARCHAR = 'evidence')
ORDER BY evidence.bits * evidence.members_on DESC, evidence.members_on DESC, evidence.kind, evidence.identifier
