-- Clusters that others follow from and that no refresh in the store shows, as neo4j-admin imports them: ids alone.
-- Reads: after.derived_from, after.cluster.
SELECT cluster_id AS "cluster_id:ID(Cluster){id-type:string}", 1 AS "valid_from:long", 1 AS "valid_to:long"
FROM (
    SELECT cluster_id FROM after.derived_from
    UNION
    SELECT parent_cluster_id FROM after.derived_from
    EXCEPT
    SELECT cluster_id FROM after.cluster
)
