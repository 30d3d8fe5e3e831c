-- Reads: context_model_releases.
SELECT sum(high(digest)), sum(low(digest))
FROM (
    SELECT CAST(substr(sha256(concat_ws(chr(31), model, CAST(released_at AS VARCHAR))), 1, 32) AS UUID) AS digest
    FROM context_model_releases
)
