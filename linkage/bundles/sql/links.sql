-- The strongest links of each member, each pair once, with what both used and the rarest of it.
-- reads: snapshot_links, snapshot_members, snapshot_sightings, snapshot_identifiers, wanted (account)
-- parameters: cluster, most (links a member)
WITH inside AS (
    SELECT account FROM snapshot_members WHERE cluster_id = $cluster
), among AS (
    SELECT links.account_a, links.account_b, links.weight_bits, links.kinds
    FROM snapshot_links AS links
    SEMI JOIN wanted AS one ON one.account = links.account_a
    SEMI JOIN wanted AS other ON other.account = links.account_b
), sides AS (
    SELECT account_a AS account, account_b AS other, * FROM among
    UNION ALL
    SELECT account_b AS account, account_a AS other, * FROM among
), ranked AS (
    SELECT sides.*, row_number() OVER (PARTITION BY sides.account ORDER BY sides.weight_bits DESC, sides.other) AS place
    FROM sides
    SEMI JOIN inside ON inside.account = sides.account
), chosen AS (
    SELECT DISTINCT account_a, account_b, weight_bits, kinds FROM ranked WHERE place <= $most
), uses AS (
    SELECT sightings.account, sightings.identifier, identifiers.degree
    FROM snapshot_sightings AS sightings
    SEMI JOIN wanted ON wanted.account = sightings.account
    JOIN snapshot_identifiers AS identifiers ON identifiers.identifier = sightings.identifier
), shared AS (
    SELECT
        chosen.account_a,
        chosen.account_b,
        count(*) AS shared,
        min((one.degree, one.identifier)) AS rarest
    FROM chosen
    JOIN uses AS one ON one.account = chosen.account_a
    JOIN uses AS other ON other.account = chosen.account_b AND other.identifier = one.identifier
    GROUP BY ALL
)
SELECT
    chosen.account_a,
    chosen.account_b,
    chosen.weight_bits AS bits,
    array_to_string(chosen.kinds, ' ') AS kinds,
    coalesce(shared.shared, 0) AS shared,
    shared.rarest[2] AS rarest,
    shared.rarest[1] AS degree
FROM chosen
LEFT JOIN shared USING (account_a, account_b)
ORDER BY bits DESC, chosen.account_a, chosen.account_b
