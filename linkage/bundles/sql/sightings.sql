-- Daily sightings of the accounts of a bundle.
-- reads: window_sightings, wanted (account)
-- parameters: kinds (identifier kinds that were on)
SELECT sightings.*
FROM window_sightings AS sightings
SEMI JOIN wanted ON wanted.account = sightings.account
WHERE list_contains($kinds, sightings.kind)
ORDER BY sightings.day, sightings.account, sightings.kind, sightings.identifier
