// Identifiers that both of two sets of accounts used, and by whom; of those with too many accounts, only that they are.
// Reads: Account, USED, Identifier. Parameters: generation, left, right, degree_limit.
CALL () {
    UNWIND $left AS number
    RETURN number, 1 AS side
UNION ALL
    UNWIND $right AS number
    RETURN number, 2 AS side
}
MATCH (a:Account {account: number})-[u:USED]->(i:Identifier)
WHERE u.valid_from <= $generation AND (u.valid_to IS NULL OR u.valid_to > $generation)
WITH i, collect(DISTINCT a.account) AS accounts, min(side) <> max(side) AS both,
    CASE WHEN i.valid_from <= $generation THEN i.degree ELSE i.previous_degree END AS degree
WHERE degree > $degree_limit OR (both AND degree > 1)
RETURN i.identifier, degree > $degree_limit, CASE WHEN degree > $degree_limit THEN [] ELSE accounts END
ORDER BY i.identifier
