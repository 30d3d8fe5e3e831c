-- Of several rows under one key the one with the smallest digest stands; equal rows are duplicates.
-- Reads: context_judged. Writes: context_ranked.
CREATE OR REPLACE TEMP TABLE context_ranked AS
SELECT
    * EXCLUDE (rule, conflict, digest, place, smallest),
    digest,
    CASE WHEN rule IS NULL AND digest <> smallest THEN conflict ELSE rule END AS rule,
    rule IS NULL AND digest = smallest AND place = 1 AS stands
FROM (
    SELECT
        *,
        min(digest) FILTER (rule IS NULL) OVER (PARTITION BY key) AS smallest,
        row_number() OVER (PARTITION BY key, digest, rule ORDER BY row) AS place
    FROM (SELECT *, sha256(content) AS digest FROM context_judged)
)
