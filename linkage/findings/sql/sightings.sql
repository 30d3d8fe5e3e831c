-- Sightings merged over the window, as the snapshot keeps them.
-- reads: merged_sightings
SELECT account, identifier, kind, events, tokens, active_days, first_seen, last_seen
FROM merged_sightings
ORDER BY account, identifier
