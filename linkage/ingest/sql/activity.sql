-- What an account did on a UTC day.
-- Reads: {events}.
SELECT
    CAST(event_time AS DATE) AS day,
    account,
    CAST(sum(events) AS BIGINT) AS events,
    CAST(sum(coalesce(input_tokens, 0)) AS BIGINT) AS input_tokens,
    CAST(sum(coalesce(output_tokens, 0)) AS BIGINT) AS output_tokens,
    CAST(sum(coalesce(cost_usd_micros, 0)) AS BIGINT) AS cost_usd_micros,
    min(event_time) AS first_seen,
    max(event_time) AS last_seen,
    bit_or(CAST(1 << CAST(hour(event_time) AS INTEGER) AS INTEGER)) AS hours
FROM {events}
GROUP BY CAST(event_time AS DATE), account
