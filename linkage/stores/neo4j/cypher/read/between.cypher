// Every use of some identifiers by some accounts: by account, then by identifier.
// Reads: Account, USED, Identifier. Parameters: generation, accounts, identifiers.
CALL () {
    MATCH (i:Identifier)
    WHERE i.identifier IN $identifiers
      AND CASE WHEN i.valid_from <= $generation THEN i.degree ELSE i.previous_degree END > 1
    RETURN collect(i) AS chosen
}
UNWIND $accounts AS number
MATCH (:Account {account: number})-[u:USED]->(i)
WHERE i IN chosen
  AND u.valid_from <= $generation AND coalesce(u.valid_to > $generation, true)
WITH number, i.identifier AS identifier, u
ORDER BY number, identifier
RETURN
    collect(number),
    collect(identifier),
    collect(u.count),
    collect(u.first_seen.epochSeconds * 1000000 + u.first_seen.microsecond),
    collect(u.last_seen.epochSeconds * 1000000 + u.last_seen.microsecond)
