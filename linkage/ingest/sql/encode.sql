-- Accepted rows with surrogate ids in the place of raw values.
-- Reads: staged, origins, the tables of ids. Writes: {settled}. Parts: {columns}, {account}, {joins}.
CREATE OR REPLACE TEMP TABLE {settled} AS
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
JOIN {account} AS account ON account.value = staged.account_id
{joins}
