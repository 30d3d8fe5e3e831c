-- Identifiers that at least two of the accounts given used.
-- Reads: sightings, identifiers, identities. Parameters: accounts.
WITH shared AS (
    SELECT identifier, count(*) AS accounts_on
    FROM sightings
    WHERE account IN (SELECT unnest($accounts::BIGINT[]))
    GROUP BY identifier
    HAVING count(*) > 1
)
SELECT
    identifiers.identifier,
    identifiers.kind,
    identities.value,
    shared.accounts_on,
    identifiers.degree,
    identifiers.trust,
    identifiers.bits,
    identifiers.hub
FROM shared
JOIN identifiers USING (identifier)
LEFT JOIN identities ON identities.id = identifiers.identifier AND identities.kind = identifiers.kind
ORDER BY greatest(identifiers.bits, 0) * shared.accounts_on DESC, shared.accounts_on DESC, identifiers.identifier
