-- Reads: context_given. Writes: context_judged.
CREATE OR REPLACE TEMP TABLE context_judged AS
SELECT
    row,
    CASE
        WHEN row_rule IS NOT NULL THEN row_rule
        WHEN model IS NULL THEN 'model.missing'
        WHEN moment IS NULL OR wrong_time THEN 'released_at.invalid'
        WHEN regexp_matches(model, '[\x00-\x1f\x7f-\x{9f}]') THEN 'row.control_characters'
    END AS rule,
    'model.conflicting' AS conflict,
    model AS key,
    concat_ws(chr(31), coalesce(model, ''), coalesce(CAST(given_time AS VARCHAR), '')) AS content,
    model,
    moment AS released_at
FROM context_given
