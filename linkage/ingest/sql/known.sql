-- Accepted rows of the lake, and of this write so far, under a key that is staged.
-- Reads: {accepted}, staged, retracted. Writes: known. Parameters: $files.
CREATE OR REPLACE TEMP TABLE known AS
SELECT accepted.event_key, accepted.digest, CAST(accepted.event_time AS DATE) AS day, accepted.origin_file, accepted.origin_row
FROM ({accepted}) AS accepted
SEMI JOIN staged ON staged.event_key = accepted.event_key
ANTI JOIN retracted ON retracted.event_key = accepted.event_key AND retracted.digest = accepted.digest
