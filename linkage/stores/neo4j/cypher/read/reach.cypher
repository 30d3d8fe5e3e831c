// How many identifiers that others used, too, each account used.
// Reads: Account, USED, Identifier. Parameters: generation, accounts.
UNWIND $accounts AS number
MATCH (a:Account {account: number})
WHERE CASE
    WHEN a.valid_from <= $generation THEN coalesce(a.valid_to > $generation, true)
    ELSE a.previous_from IS NOT NULL
END
RETURN collect([number, COUNT {
    MATCH (a)-[u:USED]->(i:Identifier)
    WHERE CASE WHEN i.valid_from <= $generation THEN i.degree ELSE i.previous_degree END > 1
      AND CASE
          WHEN u.valid_from <= $generation THEN coalesce(u.valid_to > $generation, true)
          ELSE u.previous_from IS NOT NULL
      END
}])
