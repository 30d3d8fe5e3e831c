-- An account seen with an identifier of one kind on a UTC day.
-- Reads: {events}. Parts: {identifier}, {kind}, {asn}, {country}, {most} a sum can be.
SELECT
    CAST(event_time AS DATE) AS day,
    account,
    '{kind}' AS kind,
    {identifier} AS identifier,
    CAST(least(sum(events), {most}) AS BIGINT) AS events,
    CAST(least(sum(coalesce(input_tokens, 0)) + sum(coalesce(output_tokens, 0)), {most}) AS BIGINT) AS tokens,
    min(event_time) AS first_seen,
    max(event_time) AS last_seen,
    {asn} AS asn,
    {country} AS country
FROM {events}
WHERE {identifier} IS NOT NULL
GROUP BY CAST(event_time AS DATE), account, {identifier}
