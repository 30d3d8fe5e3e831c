-- Lines of a JSONL file as columns, in one pass over each line.
-- Reads: chunk (row, line). Parts: {columns}; no kind begins with _. Parameters: $paths.
(
    SELECT
        row,
        row_rule AS _row_rule,
        {columns}
    FROM (
        SELECT
            row,
            CASE
                WHEN NOT valid THEN 'row.invalid_json'
                WHEN NOT starts_with(ltrim(line, E' \t\r\n'), '{') THEN 'row.not_an_object'
                WHEN CASE WHEN regexp_matches(line, ':\s*[\[{]')
                          THEN list_has_any(json_type(line, $paths), ['OBJECT', 'ARRAY']) END THEN 'row.nested_value'
            END AS row_rule,
            CASE WHEN valid THEN json_extract_string(line, $paths) END AS fields
        FROM (SELECT row, line, json_valid(line) AS valid FROM chunk)
    )
)
