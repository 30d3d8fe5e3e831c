-- Second projection: canonical rows with their digests, and the first rule that a row breaks.
-- Reads: {admitted}, addresses. Writes: staged. Parts: the columns of one layout. Parameters: $file, $latest, $source.
INSERT INTO staged BY NAME
SELECT
    CAST($file AS INTEGER) AS file,
    row,
    CASE
        WHEN card THEN 'payment_instrument.card_number'
        WHEN account_id IS NULL THEN 'account_id.missing'
        WHEN regexp_matches(account_id, '[\x00-\x1f\x7f-\x{9f}]') THEN 'account_id.control_characters'
        {too_long}
        WHEN time_rule IS NOT NULL THEN time_rule
        WHEN event_time > $latest THEN 'event_time.future'
        WHEN event_time < TIMESTAMP '0001-01-02' THEN 'event_time.invalid'
        {layout_rules}
        WHEN ip_given IS NOT NULL AND ip_value IS NULL THEN 'ip_address.invalid'
        WHEN number_rule IS NOT NULL THEN number_rule
    END AS rule,
    CASE WHEN NOT card THEN CAST(substr(content, 1, 32) AS UUID) END AS digest,
    {event_key} AS event_key,
    source,
    {columns},
    event_time
FROM (
    SELECT *, sha256({text}) AS content
    FROM (
        SELECT
            admitted.*,
            {source} AS source,
            {ip_given} AS ip_given,
            {ip_value} AS ip_value
        FROM {admitted} AS admitted
        {addresses}
        WHERE row_rule IS NULL
    )
)
