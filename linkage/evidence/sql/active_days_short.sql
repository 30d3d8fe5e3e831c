-- Distinct days, numbered from 0, of a window of 128 days at most, the last one `until`: two whole numbers with one bit
-- a day, a third of the work of counting them.
-- writes: active_days (macro)
CREATE OR REPLACE TEMP MACRO active_days(number, until) AS (
    bit_count(bit_or(CASE WHEN number < 64 THEN 1::UBIGINT << number ELSE 0 END))
    + bit_count(bit_or(CASE WHEN number >= 64 THEN 1::UBIGINT << (number - 64) ELSE 0 END))
)
