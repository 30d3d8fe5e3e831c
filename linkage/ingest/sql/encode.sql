-- Accepted rows with surrogate ids in the place of raw values.
-- Reads: staged, origins, identities. Writes: the file $target. Parts: {columns}, {joins}.
COPY (
    SELECT
        staged.event_key,
        staged.digest,
        staged.source,
        staged.event_type,
        staged.event_time,
        account.id AS account,
        staged.events,
        {columns},
        CAST(origins.origin_text AS UUID) AS origin_file,
        staged.row AS origin_row
    FROM staged
    JOIN origins ON origins.file = staged.file
    JOIN (SELECT id, value FROM identities WHERE kind = 'account') AS account ON account.value = staged.account_id
    {joins}
) TO $target (FORMAT parquet, COMPRESSION snappy)
