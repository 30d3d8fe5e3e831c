// Identifiers that at least two of some accounts used: how many, and the first so many by what they are worth to all.
// Reads: Account, USED, Identifier. Parameters: generation, accounts, limit.
UNWIND $accounts AS number
MATCH (a:Account {account: number})-[u:USED]->(i:Identifier)
WHERE u.valid_from <= $generation AND (u.valid_to IS NULL OR u.valid_to > $generation)
WITH i, count(*) AS accounts_on
WHERE accounts_on > 1
WITH i, accounts_on, CASE
    WHEN i.valid_from <= $generation THEN i {.degree, .trust, .bits, .hub}
    ELSE {degree: i.previous_degree, trust: i.previous_trust, bits: i.previous_bits, hub: i.previous_hub}
END AS figures
ORDER BY figures.bits * accounts_on DESC, accounts_on DESC, i.identifier
WITH collect([i.identifier, i.kind, figures.degree, figures.trust, figures.bits, figures.hub, accounts_on]) AS found
RETURN size(found), found[..$limit]
