-- Clusters as neo4j-admin imports them: its header, then the rows.
-- Reads: after.cluster.
SELECT
    cluster_id AS "cluster_id:ID(Cluster){id-type:string}",
    rank AS "rank:long",
    size AS "size:long",
    score AS "score:double",
    linkage_score AS "linkage_score:double",
    abuse_score AS "abuse_score:double",
    q_value AS "q_value:double",
    tier AS "tier:long",
    flagged AS "flagged:boolean",
    events AS "events:long",
    tokens AS "tokens:long",
    cost_usd_micros AS "cost_usd_micros:long",
    strftime(make_timestamp(first_seen), '%Y-%m-%dT%H:%M:%S.%fZ') AS "first_seen:datetime",
    strftime(make_timestamp(last_seen), '%Y-%m-%dT%H:%M:%S.%fZ') AS "last_seen:datetime",
    array_to_string(kinds, chr(31)) AS "kinds:string[]",
    array_to_string(top_reasons, chr(31)) AS "top_reasons:string[]",
    lineage AS "lineage:string",
    array_to_string(drawn, chr(31)) AS "drawn:long[]",
    array_to_string(drawn_uses, chr(31)) AS "drawn_uses:long[]",
    array_to_string(drawn_accounts, chr(31)) AS "drawn_accounts:long[]",
    1 AS "valid_from:long"
FROM after.cluster
