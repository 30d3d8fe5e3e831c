-- What an account did on a UTC day.
-- Reads: {events}. Parts: {most} a sum can be.
SELECT
    CAST(event_time AS DATE) AS day,
    account,
    CAST(least(sum(events), {most}) AS BIGINT) AS events,
    CAST(least(sum(coalesce(input_tokens, 0)), {most}) AS BIGINT) AS input_tokens,
    CAST(least(sum(coalesce(output_tokens, 0)), {most}) AS BIGINT) AS output_tokens,
    CAST(greatest(least(sum(coalesce(cost_usd_micros, 0)), {most}), -{most}) AS BIGINT) AS cost_usd_micros,
    min(event_time) AS first_seen,
    max(event_time) AS last_seen,
    bit_or(CAST(1 << CAST(hour(event_time) AS INTEGER) AS INTEGER)) AS hours
FROM {events}
GROUP BY CAST(event_time AS DATE), account
