-- Accounts as neo4j-admin imports them: its header, then the rows.
-- Reads: after.account.
SELECT
    account AS "account:ID(Account){id-type:long}",
    events AS "events:long",
    tokens AS "tokens:long",
    cost_usd_micros AS "cost_usd_micros:long",
    active_days AS "active_days:long",
    strftime(make_timestamp(first_seen), '%Y-%m-%dT%H:%M:%S.%fZ') AS "first_seen:datetime",
    strftime(make_timestamp(last_seen), '%Y-%m-%dT%H:%M:%S.%fZ') AS "last_seen:datetime",
    1 AS "valid_from:long"
FROM after.account
