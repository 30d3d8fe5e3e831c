-- Clusters that others follow from, or cases are about, and that no refresh in the store shows, as neo4j-admin imports them: ids alone.
-- Reads: after.derived_from, after.about, after.cluster.
SELECT cluster_id AS "cluster_id:ID(Cluster){id-type:string}", 1 AS "valid_from:long", 1 AS "valid_to:long"
FROM (
    SELECT cluster_id FROM after.derived_from
    UNION
    SELECT parent_cluster_id FROM after.derived_from
    UNION
    SELECT cluster_id FROM after.about
    EXCEPT
    SELECT cluster_id FROM after.cluster
)
