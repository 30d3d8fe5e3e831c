-- Members as neo4j-admin imports them: its header, then the rows.
-- Reads: after.member_of.
SELECT
    account AS ":START_ID(Account)",
    cluster_id AS ":END_ID(Cluster)",
    membership AS "membership:double",
    role AS "role:string",
    1 AS "valid_from:long"
FROM after.member_of
