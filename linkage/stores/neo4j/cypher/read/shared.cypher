// Identifiers that at least two of some accounts used: how many, and the first so many by what they are worth to all.
// Reads: Account, USED, Identifier. Parameters: generation, accounts, limit.
UNWIND $accounts AS number
MATCH (:Account {account: number})-[u:USED]->(i)
WHERE CASE
    WHEN u.valid_from <= $generation THEN coalesce(u.valid_to > $generation, true)
    ELSE u.previous_from IS NOT NULL
END
WITH i, count(*) AS accounts_on
WHERE accounts_on > 1
WITH i, accounts_on, CASE
    WHEN i.valid_from <= $generation THEN i {.degree, .trust, .bits, .hub}
    ELSE {degree: i.previous_degree, trust: i.previous_trust, bits: i.previous_bits, hub: i.previous_hub}
END AS figures
ORDER BY figures.bits * accounts_on DESC, accounts_on DESC, i.identifier
WITH collect([i, figures, accounts_on]) AS found
RETURN size(found), [one IN found[..$limit] |
    [one[0].identifier, one[0].kind, one[1].degree, one[1].trust, one[1].bits, one[1].hub, one[2]]]
