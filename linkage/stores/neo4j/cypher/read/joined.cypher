// Identifiers that at least two of some accounts used, and by whom.
// Reads: Account, USED, Identifier. Parameters: generation, accounts.
UNWIND $accounts AS number
MATCH (:Account {account: number})-[u:USED]->(i)
WHERE CASE
    WHEN u.valid_from <= $generation THEN coalesce(u.valid_to > $generation, true)
    ELSE u.previous_from IS NOT NULL
END
WITH i, collect(number) AS accounts
WHERE size(accounts) > 1
RETURN collect(i.identifier), collect(accounts)
