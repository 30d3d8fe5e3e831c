-- Who used what; times in microseconds since 1970.
-- Reads: sightings.
SELECT
    account,
    identifier,
    events AS count,
    active_days,
    epoch_us(first_seen) AS first_seen,
    epoch_us(last_seen) AS last_seen
FROM sightings
