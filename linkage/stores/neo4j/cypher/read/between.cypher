// Every use of some identifiers by some accounts: by account, then by identifier.
// Reads: Account, USED, Identifier. Parameters: generation, accounts, identifiers.
UNWIND $accounts AS number
MATCH (a:Account {account: number})-[u:USED]->(i:Identifier)
WHERE i.identifier IN $identifiers
  AND u.valid_from <= $generation AND (u.valid_to IS NULL OR u.valid_to > $generation)
  AND CASE WHEN i.valid_from <= $generation THEN i.degree ELSE i.previous_degree END > 1
RETURN
    a.account,
    i.identifier,
    u.count,
    u.first_seen.epochSeconds * 1000000 + u.first_seen.microsecond,
    u.last_seen.epochSeconds * 1000000 + u.last_seen.microsecond
ORDER BY a.account, i.identifier
