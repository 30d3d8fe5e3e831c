-- Identifiers that an account used in the window, shared ones first; degree 1 where nobody else used it.
-- Reads: sightings, identifiers, identities. Parameters: account.
SELECT
    seen.kind,
    seen.identifier AS identifier_id,
    identities.value,
    coalesce(identifiers.degree, 1) AS degree,
    identifiers.trust,
    identifiers.bits,
    identifiers.hub,
    identifiers.note,
    seen.events,
    seen.active_days,
    seen.first_seen,
    seen.last_seen
FROM sightings AS seen
LEFT JOIN identifiers ON identifiers.identifier = seen.identifier
LEFT JOIN identities ON identities.id = seen.identifier AND identities.kind = seen.kind
WHERE seen.account = $account
ORDER BY identifiers.bits DESC NULLS LAST, seen.kind, seen.identifier
