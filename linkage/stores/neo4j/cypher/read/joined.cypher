// Identifiers that at least two of some accounts used, and by whom.
// Reads: Account, USED, Identifier. Parameters: generation, accounts.
UNWIND $accounts AS number
MATCH (:Account {account: number})-[u:USED]->(i)
WHERE u.valid_from <= $generation AND coalesce(u.valid_to > $generation, true)
WITH i, collect(number) AS accounts
WHERE size(accounts) > 1
RETURN collect(i.identifier), collect(accounts)
