-- One cluster and its rank.
-- Reads: clusters. Parameters: cluster.
WITH ranked AS (
    SELECT
        * EXCLUDE (file_row_number),
        row_number() OVER (ORDER BY file_row_number) AS rank,
        count(*) OVER () AS clusters
    FROM clusters
)
SELECT * FROM ranked WHERE cluster_id = $cluster
