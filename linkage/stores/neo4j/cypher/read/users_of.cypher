// Who used identifiers: by identifier, then by account; the first so many accounts of each above a number.
// Reads: Identifier, USED, Account. Parameters: generation, identifiers, each, after.
UNWIND $identifiers AS number
MATCH (i:Identifier {identifier: number})
WHERE CASE WHEN i.valid_from <= $generation THEN i.degree ELSE i.previous_degree END > 1
CALL (i) {
    MATCH (i)<-[u:USED]-(a:Account)
    WHERE a.account > $after AND u.valid_from <= $generation AND (u.valid_to IS NULL OR u.valid_to > $generation)
    RETURN a.account AS account
    ORDER BY account
    LIMIT $each
}
RETURN account, i.identifier
ORDER BY i.identifier, account
