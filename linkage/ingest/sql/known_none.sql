-- As known.sql, when nothing was accepted yet on the days in hand.
-- Writes: known.
CREATE OR REPLACE TEMP TABLE known (event_key UUID, digest UUID, day DATE, origin_file UUID, origin_row BIGINT)
