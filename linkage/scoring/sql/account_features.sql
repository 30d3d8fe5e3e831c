-- What each account did, as figures in which campaigns differ from ordinary accounts.
-- reads:  activity, sightings, usage, identities, accounts, model_releases, account_position, identifier_position,
--         model_prices
-- parameters: allowed (identifiers that are known to be benign: shared, though no part of the graph)
-- one row per account of the window, in canonical order
WITH days AS (
    SELECT
        account,
        day,
        sum(events) AS events,
        sum(input_tokens + output_tokens) AS tokens,
        sum(cost_usd_micros) AS cost_usd_micros,
        min(first_seen) AS first_seen,
        max(last_seen) AS last_seen,
        bit_or(hours) AS hours
    FROM activity
    GROUP BY ALL
), patterns AS (
    -- Circular sums over the hours of a day, once for each pattern that there is; in whole billionths, because sums of
    -- floats depend on the order of rows.
    SELECT
        hours,
        list_sum([round(1e9 * cos(2 * pi() * h / 24))::BIGINT FOR h IN range(24) IF (hours >> h) & 1 = 1]) AS c,
        list_sum([round(1e9 * sin(2 * pi() * h / 24))::BIGINT FOR h IN range(24) IF (hours >> h) & 1 = 1]) AS s
    FROM (SELECT DISTINCT hours FROM days)
), hours AS (
    SELECT
        days.account,
        sum(patterns.c) / 1e9 AS c,
        sum(patterns.s) / 1e9 AS s,
        sum(bit_count(days.hours)) AS cells,
        coalesce(sum(bit_count(days.hours)) FILTER (WHERE isodow(days.day) >= 6), 0) AS weekend_cells
    FROM days
    JOIN patterns ON patterns.hours = days.hours
    GROUP BY days.account
), totals AS (
    SELECT
        account,
        sum(events)::BIGINT AS events,
        sum(tokens)::BIGINT AS tokens,
        sum(cost_usd_micros)::BIGINT AS cost_usd_micros,
        count(*) AS active_days,
        min(first_seen) AS first_seen,
        max(last_seen) AS last_seen
    FROM days
    GROUP BY account
), places AS (
    SELECT
        sightings.account,
        count(DISTINCT (sightings.day, coalesce(identities.prefix, sightings.identifier::VARCHAR))) AS day_prefixes,
        count(DISTINCT coalesce(identities.prefix, sightings.identifier::VARCHAR)) AS prefixes,
        count(DISTINCT sightings.asn) AS asns,
        count(DISTINCT sightings.day) AS network_days
    FROM sightings
    LEFT JOIN identities ON identities.id = sightings.identifier
    WHERE sightings.kind = 'ip_address'
    GROUP BY sightings.account
), work AS (
    SELECT
        sightings.account,
        sum(sightings.events) AS template_events,
        coalesce(sum(sightings.events) FILTER (
            WHERE identifier_position.identifier IS NULL AND NOT list_contains($allowed, sightings.identifier)
        ), 0) AS private_events
    FROM sightings
    LEFT JOIN identifier_position ON identifier_position.identifier = sightings.identifier
    WHERE sightings.kind = 'prompt_template'
    GROUP BY sightings.account
), taste AS (
    SELECT
        usage.account,
        sum(usage.events * round(1e9 * model_prices.price_rank)::BIGINT) / 1e9 / sum(usage.events) AS price_rank
    FROM usage
    JOIN model_prices USING (model)
    GROUP BY usage.account
), pivots AS (
    -- Share of the first two days after a release that went to the released model, of accounts that had done as much
    -- before it: who came for the new model did not move. Five exchanges elsewhere are added, so that a handful of
    -- calls is no move.
    SELECT account, max(coalesce(moved, 0) / (total + 5)) AS release_share
    FROM (
        SELECT
            usage.account,
            model_releases.model,
            sum(usage.events) FILTER (
                WHERE usage.model = model_releases.model
                  AND usage.day BETWEEN model_releases.released_at::DATE AND model_releases.released_at::DATE + 2
            ) AS moved,
            sum(usage.events) FILTER (
                WHERE usage.day BETWEEN model_releases.released_at::DATE AND model_releases.released_at::DATE + 2
            ) AS total,
            sum(usage.events) FILTER (WHERE usage.day < model_releases.released_at::DATE) AS before
        FROM usage, model_releases
        WHERE usage.day BETWEEN model_releases.released_at::DATE - 28 AND model_releases.released_at::DATE + 2
        GROUP BY ALL
    )
    WHERE before >= total
    GROUP BY account
)
SELECT
    account_position.position,
    account_position.account,
    totals.events,
    totals.tokens,
    totals.cost_usd_micros,
    totals.active_days,
    totals.first_seen,
    totals.last_seen,
    hours.c,
    hours.s,
    hours.cells,
    hours.weekend_cells,
    places.day_prefixes,
    places.prefixes,
    places.asns,
    places.network_days,
    work.template_events,
    work.private_events,
    taste.price_rank,
    CASE WHEN pivots.account IS NOT NULL THEN coalesce(pivots.release_share, 0) END AS release_share,
    accounts.created_at,
    accounts.email_domain,
    accounts.organization,
    accounts.verified,
    accounts.status
FROM account_position
JOIN totals ON totals.account = account_position.account
LEFT JOIN hours ON hours.account = account_position.account
LEFT JOIN places ON places.account = account_position.account
LEFT JOIN work ON work.account = account_position.account
LEFT JOIN taste ON taste.account = account_position.account
LEFT JOIN pivots ON pivots.account = account_position.account
LEFT JOIN accounts ON accounts.account = account_position.account
ORDER BY account_position.position
