-- Who used what; times in microseconds since 1970. ``wide``: the identifier has more than $wide accounts.
-- Reads: sightings, identifiers.
SELECT
    account,
    identifier,
    events AS count,
    active_days,
    epoch_us(first_seen) AS first_seen,
    epoch_us(last_seen) AS last_seen,
    most_used.identifier IS NOT NULL AS wide
FROM sightings
-- The few that are wide, and not all identifiers: what is looked up for every sighting stays small.
LEFT JOIN (SELECT identifier FROM identifiers WHERE degree > $wide) AS most_used USING (identifier)
