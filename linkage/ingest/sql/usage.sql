-- What an account drew on during a UTC day.
-- Reads: {events}.
SELECT
    CAST(event_time AS DATE) AS day,
    account,
    model,
    capability,
    CAST(sum(events) AS BIGINT) AS events,
    CAST(sum(coalesce(input_tokens, 0) + coalesce(output_tokens, 0)) AS BIGINT) AS tokens,
    CAST(sum(coalesce(cost_usd_micros, 0)) AS BIGINT) AS cost_usd_micros
FROM {events}
GROUP BY CAST(event_time AS DATE), account, model, capability
