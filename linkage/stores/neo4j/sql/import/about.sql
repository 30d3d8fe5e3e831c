-- Clusters that cases are about as neo4j-admin imports them: its header, then the rows.
-- Reads: after.about.
SELECT
    case_id AS ":START_ID(Case)",
    cluster_id AS ":END_ID(Cluster)",
    1 AS "valid_from:long"
FROM after.about
