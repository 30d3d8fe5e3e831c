-- First projection over a chunk: raw columns → typed ones. Prompts become keyed digests and card numbers nothing here,
-- before any operator that may spill to disk.
-- Reads: {relation}. Parts: the columns of one layout.
-- Parameters: $nulls, $zone, $inner, $outer, $kinds_from, $kinds_to.
SELECT
    row,
    row_rule,
    {kept},
    {resolved} AS event_time,
    CASE
        WHEN given_time IS NULL THEN 'event_time.missing'
        WHEN instant_time IS NOT NULL THEN NULL
        WHEN local_time IS NULL THEN 'event_time.invalid'
        WHEN {zone_missing} THEN 'event_time.naive'
        WHEN {skipped} THEN 'event_time.nonexistent'
    END AS time_rule,
    CASE {number_rules} END AS number_rule,
    concat_ws(chr(31),
        CASE WHEN instant_time IS NULL THEN CAST(given_time AS VARCHAR) END
        {amiss}) AS amiss
FROM (
    SELECT
        row,
        row_rule,
        {guarded},
        {numbers}
        given_time,
        {instant} AS instant_time,
        {local} AS local_time
    FROM (
        SELECT
            given.row AS row,
            {row_rule} AS row_rule,
            {texts}
        FROM {relation} AS given
    )
)
