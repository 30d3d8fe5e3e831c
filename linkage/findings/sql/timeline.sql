-- What each cluster did each UTC day from its first to its last, beside its share of the whole population's day.
-- reads: member_rows (cluster_id, account), activity
WITH by_day AS (
    SELECT
        member_rows.cluster_id,
        activity.day,
        count(DISTINCT activity.account) AS accounts,
        sum(activity.events)::BIGINT AS events,
        sum(activity.input_tokens + activity.output_tokens)::BIGINT AS tokens
    FROM activity
    JOIN member_rows USING (account)
    GROUP BY ALL
), everyone AS (
    SELECT day, sum(events) / sum(sum(events)) OVER () AS share
    FROM activity
    GROUP BY day
), total AS (
    SELECT cluster_id, sum(events) AS events, min(day) AS first_day, max(day) AS last_day
    FROM by_day
    GROUP BY cluster_id
), days AS (
    SELECT cluster_id, events, unnest(generate_series(first_day, last_day, INTERVAL 1 DAY))::DATE AS day
    FROM total
)
SELECT
    days.cluster_id,
    days.day,
    coalesce(by_day.accounts, 0) AS accounts,
    coalesce(by_day.events, 0)::BIGINT AS events,
    coalesce(by_day.tokens, 0)::BIGINT AS tokens,
    round(days.events * coalesce(everyone.share, 0), 6)::DOUBLE AS expected_events
FROM days
LEFT JOIN by_day ON by_day.cluster_id = days.cluster_id AND by_day.day = days.day
LEFT JOIN everyone ON everyone.day = days.day
ORDER BY days.cluster_id, days.day
