-- Rows of a file of context, as text besides the one time column.
-- Reads: {relation}. Writes: context_given. Parts: {texts}, {given_time}, {row_rule} and the readings of the time.
-- Parameters: $zone, $paths.
CREATE OR REPLACE TEMP TABLE context_given AS
SELECT *, given_time IS NOT NULL AND (moment IS NULL OR {skipped}) AS wrong_time
FROM (
    SELECT *, {resolved} AS moment
    FROM (
        SELECT *, {instant} AS instant_time, {local} AS local_time
        FROM (
            SELECT given.row AS row, {row_rule} AS row_rule, {texts}, {given_time} AS given_time
            FROM {relation} AS given
        )
    )
)
