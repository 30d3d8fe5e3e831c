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
  AND CASE
      WHEN u.valid_from <= $generation THEN coalesce(u.valid_to > $generation, true)
      ELSE u.previous_from IS NOT NULL
  END
WITH number, i.identifier AS identifier,
    CASE WHEN u.valid_from <= $generation THEN u.count ELSE u.previous_count END AS count,
    CASE WHEN u.valid_from <= $generation THEN u.first_seen ELSE u.previous_first_seen END AS first_seen,
    CASE WHEN u.valid_from <= $generation THEN u.last_seen ELSE u.previous_last_seen END AS last_seen
ORDER BY number, identifier
RETURN
    collect(number),
    collect(identifier),
    collect(count),
    collect(first_seen.epochSeconds * 1000000 + first_seen.microsecond),
    collect(last_seen.epochSeconds * 1000000 + last_seen.microsecond)
