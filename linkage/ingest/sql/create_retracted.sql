-- Accepted rows that a smaller digest has displaced, with the file that brought it.
-- Writes: retracted.
CREATE OR REPLACE TEMP TABLE retracted (
    event_key UUID,
    digest UUID,
    day DATE,
    origin_file UUID,
    origin_row BIGINT,
    cause INTEGER
)
