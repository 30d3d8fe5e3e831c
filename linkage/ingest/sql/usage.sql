-- What an account drew on during a UTC day.
-- Reads: {events}. Parts: {most} a sum can be.
SELECT
    CAST(event_time AS DATE) AS day,
    account,
    model,
    capability,
    CAST(least(sum(events), {most}) AS BIGINT) AS events,
    CAST(least(sum(coalesce(input_tokens, 0)) + sum(coalesce(output_tokens, 0)), {most}) AS BIGINT) AS tokens,
    CAST(greatest(least(sum(coalesce(cost_usd_micros, 0)), {most}), -{most}) AS BIGINT) AS cost_usd_micros
FROM {events}
GROUP BY CAST(event_time AS DATE), account, model, capability
