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
), rarity AS (
    SELECT identifier, degree, row_number() OVER (ORDER BY degree, identifier) AS rarity FROM snapshot_identifiers
), uses AS (
    SELECT sightings.account, sightings.identifier, rarity.rarity
    FROM snapshot_sightings AS sightings
    SEMI JOIN wanted ON wanted.account = sightings.account
    JOIN rarity ON rarity.identifier = sightings.identifier
), shared AS (
    SELECT chosen.account_a, chosen.account_b, count(*) AS shared, min(one.rarity) AS rarity
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
    rarity.identifier AS rarest,
    rarity.degree
FROM chosen
LEFT JOIN shared ON shared.account_a = chosen.account_a AND shared.account_b = chosen.account_b
LEFT JOIN rarity ON rarity.rarity = shared.rarity
ORDER BY bits DESC, chosen.account_a, chosen.account_b
