-- Linked accounts as neo4j-admin imports them: its header, then the rows.
-- Reads: after.linked.
SELECT
    account_a AS ":START_ID(Account)",
    account_b AS ":END_ID(Account)",
    weight_bits AS "weight_bits:double",
    array_to_string(kinds, chr(31)) AS "kinds:string[]",
    1 AS "valid_from:long"
FROM after.linked
