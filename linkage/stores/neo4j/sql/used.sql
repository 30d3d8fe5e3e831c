-- Who used what; times in microseconds since 1970. ``wide``: the identifier has more than $wide accounts.
-- Reads: sightings, identifiers.
SELECT
    account,
    identifier,
    events AS count,
    sightings.active_days,
    epoch_us(sightings.first_seen) AS first_seen,
    epoch_us(sightings.last_seen) AS last_seen,
    coalesce(identifiers.degree > $wide, false) AS wide
FROM sightings
LEFT JOIN identifiers USING (identifier)
