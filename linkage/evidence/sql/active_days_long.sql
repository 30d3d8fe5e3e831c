-- Distinct days, numbered from 0, of a window of any length, the last one `until`: one bit a day, half the work of
-- counting them.
-- writes: active_days (macro)
CREATE OR REPLACE TEMP MACRO active_days(number, until) AS bit_count(bitstring_agg(number::INTEGER, 0, until))
