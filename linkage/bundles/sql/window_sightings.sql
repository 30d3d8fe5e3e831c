-- Sightings of the window with those of schedules, which a refresh found and the lake knows nothing of.
-- reads:  sightings, snapshot_sightings
-- writes: window_sightings
CREATE OR REPLACE TEMP VIEW window_sightings AS
SELECT * FROM sightings
UNION ALL BY NAME
SELECT
    first_seen::DATE AS day, account, kind, identifier, events, tokens, first_seen, last_seen,
    NULL::BIGINT AS asn, NULL::VARCHAR AS country
FROM snapshot_sightings
WHERE identifier < 0
