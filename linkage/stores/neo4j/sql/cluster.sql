-- Clusters as the graph has them; times in microseconds since 1970. ``drawn``: the identifiers that a drawing of the
-- cluster shows, or may show; ``drawn_uses``: members on each of them; ``drawn_accounts``: those members, by identifier,
-- then by account. To find them in the graph, every use of every member would be gone through.
-- Reads: clusters (with file_row_number: they stand by rank), cluster_identifiers, members, sightings.
WITH ranked AS (
    SELECT
        cluster_id,
        identifier,
        role = 'evidence' AS speaks,
        row_number() OVER (
            PARTITION BY cluster_id, role = 'evidence'
            ORDER BY CASE WHEN role = 'evidence' THEN members_on * greatest(bits, 0.1) ELSE members_on END DESC, identifier
        ) AS place
    FROM cluster_identifiers
),
of_members AS MATERIALIZED (
    -- First what members used: joined the other way, every member would meet every identifier of the cluster.
    SELECT cluster_id, account, sightings.identifier
    FROM members
    JOIN sightings USING (account)
),
uses AS (
    SELECT cluster_id, identifier, list(account ORDER BY account) AS accounts
    FROM of_members
    JOIN ranked USING (cluster_id, identifier)
    WHERE place <= CASE WHEN speaks THEN $strongest ELSE $discounted END
    GROUP BY ALL
),
touched AS (
    SELECT
        cluster_id,
        list(identifier ORDER BY identifier) AS drawn,
        list(len(accounts) ORDER BY identifier) AS drawn_uses,
        flatten(list(accounts ORDER BY identifier)) AS drawn_accounts
    FROM uses
    GROUP BY cluster_id
)
SELECT
    cluster_id,
    clusters.file_row_number + 1 AS rank,
    size,
    score,
    linkage_score,
    abuse_score,
    q_value,
    tier,
    flagged,
    events,
    tokens,
    cost_usd_micros,
    epoch_us(first_seen) AS first_seen,
    epoch_us(last_seen) AS last_seen,
    kinds,
    top_reasons,
    lineage,
    drawn,
    drawn_uses,
    drawn_accounts
FROM clusters
LEFT JOIN touched USING (cluster_id)
