-- Who used what as neo4j-admin imports them: its header, then the rows.
-- Reads: after.used.
SELECT
    account AS ":START_ID(Account)",
    identifier AS ":END_ID(Identifier)",
    count AS "count:long",
    active_days AS "active_days:long",
    strftime(make_timestamp(first_seen), '%Y-%m-%dT%H:%M:%S.%fZ') AS "first_seen:datetime",
    strftime(make_timestamp(last_seen), '%Y-%m-%dT%H:%M:%S.%fZ') AS "last_seen:datetime",
    CASE WHEN wide THEN identifier END AS "wide_identifier:long",
    CASE WHEN wide THEN account END AS "wide_account:long",
    1 AS "valid_from:long"
FROM after.used
