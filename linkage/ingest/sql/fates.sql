-- Under one key the row with the smallest digest stands, whichever file came first: equal rows are duplicates of it,
-- others conflict.
-- Reads: contested. Writes: fates.
CREATE OR REPLACE TEMP TABLE fates AS
SELECT
    entry,
    file,
    row,
    event_key,
    digest,
    CASE
        WHEN digest <> least(smallest, standing) THEN 'conflicting'
        WHEN digest = standing OR place > 1 THEN 'duplicate'
        ELSE 'accepted'
    END AS fate
FROM (
    SELECT
        *,
        min(digest) OVER (PARTITION BY event_key) AS smallest,
        row_number() OVER (PARTITION BY event_key, digest ORDER BY file, row) AS place
    FROM contested
)
