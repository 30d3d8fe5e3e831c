-- First accepted rows in hand, for a preview, each as one struct. Reads: staged. Parameters: $rows.
SELECT shown
FROM (
    SELECT * EXCLUDE (file, row, rule, digest, event_key)
    FROM staged
    ORDER BY file, row
    LIMIT $rows
) AS shown
