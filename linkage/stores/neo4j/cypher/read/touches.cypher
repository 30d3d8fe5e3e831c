// Which of some identifiers each of some accounts used.
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
WITH i, collect(number) AS accounts
RETURN collect(i.identifier), collect(accounts)
