-- Lineage as neo4j-admin imports it: its header, then the rows.
-- Reads: after.derived_from.
SELECT
    cluster_id AS ":START_ID(Cluster)",
    parent_cluster_id AS ":END_ID(Cluster)",
    event AS "event:string",
    overlap AS "overlap:double",
    parent_refresh_id AS "parent_refresh_id:string",
    1 AS "valid_from:long"
FROM after.derived_from
