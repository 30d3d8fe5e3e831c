// What accounts used: by account, then by bits, highest first, then by identifier; the first so many of each account.
// Reads: Account, USED, Identifier. Parameters: generation, accounts, each.
UNWIND $accounts AS number
MATCH (a:Account {account: number})
CALL (a) {
    MATCH (a)-[u:USED]->(i:Identifier)
    WHERE CASE WHEN i.valid_from <= $generation THEN i.degree ELSE i.previous_degree END > 1
      AND CASE
          WHEN u.valid_from <= $generation THEN coalesce(u.valid_to > $generation, true)
          ELSE u.previous_from IS NOT NULL
      END
    WITH i.identifier AS identifier,
        CASE WHEN i.valid_from <= $generation THEN i.bits ELSE i.previous_bits END AS bits
    ORDER BY bits DESC, identifier
    LIMIT $each
    RETURN collect(identifier) AS identifiers
}
WITH number, identifiers
ORDER BY number
RETURN collect(number), collect(identifiers)
