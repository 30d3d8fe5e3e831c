// Who used identifiers: by identifier, then by account; the first so many accounts of each above a number.
// Of a wide identifier an index gives the accounts in their order: nothing is read but what is answered.
// Reads: Identifier, USED, Account. Parameters: generation, identifiers, each, after, wide.
UNWIND $identifiers AS number
MATCH (i:Identifier {identifier: number})
WITH i, number, CASE WHEN i.valid_from <= $generation THEN i.degree ELSE i.previous_degree END AS degree
WHERE degree > 1
CALL (i, number, degree) {
    WITH i, degree WHERE degree <= $wide
    MATCH (i)<-[u:USED]-(a:Account)
    WHERE CASE
        WHEN u.valid_from <= $generation THEN coalesce(u.valid_to > $generation, true)
        ELSE u.previous_from IS NOT NULL
    END
    WITH a.account AS account
    WHERE account > $after
    RETURN account
    ORDER BY account
    LIMIT $each
UNION ALL
    WITH number, degree WHERE degree > $wide
    MATCH ()-[u:USED]->()
    WHERE u.wide_identifier = number AND u.wide_account > $after
      AND CASE
          WHEN u.valid_from <= $generation THEN coalesce(u.valid_to > $generation, true)
          ELSE u.previous_from IS NOT NULL
      END
    // As the index has them: of one identifier, and by account.
    WITH u
    ORDER BY u.wide_identifier, u.wide_account
    LIMIT $each
    RETURN u.wide_account AS account
}
WITH number, collect(account) AS accounts
ORDER BY number
RETURN collect(number), collect(accounts)
