-- An account seen with an identifier of one kind on a UTC day.
-- Reads: {events}. Parts: {identifier}, {kind}, {asn}, {country}.
SELECT
    CAST(event_time AS DATE) AS day,
    account,
    '{kind}' AS kind,
    {identifier} AS identifier,
    CAST(sum(events) AS BIGINT) AS events,
    CAST(sum(coalesce(input_tokens, 0) + coalesce(output_tokens, 0)) AS BIGINT) AS tokens,
    min(event_time) AS first_seen,
    max(event_time) AS last_seen,
    {asn} AS asn,
    {country} AS country
FROM {events}
WHERE {identifier} IS NOT NULL
GROUP BY CAST(event_time AS DATE), account, {identifier}
