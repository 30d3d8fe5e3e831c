-- Identifiers that two accounts both used, with what sharing each is worth.
-- Reads: sightings, identifiers, identities. Parameters: a, b.
WITH
of_a AS (SELECT * FROM sightings WHERE account = $a),
of_b AS (SELECT * FROM sightings WHERE account = $b)
SELECT
    identifiers.kind,
    identifiers.identifier AS identifier_id,
    identities.value,
    identifiers.degree,
    identifiers.trust,
    identifiers.bits,
    identifiers.hub,
    identifiers.note,
    of_a.events AS events_a,
    of_b.events AS events_b,
    greatest(of_a.first_seen, of_b.first_seen) AS first_shared,
    least(of_a.last_seen, of_b.last_seen) AS last_shared,
    greatest(of_a.first_seen, of_b.first_seen)::DATE <= least(of_a.last_seen, of_b.last_seen)::DATE + 1 AS overlapping
FROM of_a
JOIN of_b USING (identifier)
JOIN identifiers USING (identifier)
LEFT JOIN identities ON identities.id = identifiers.identifier AND identities.kind = identifiers.kind
ORDER BY identifiers.bits DESC, identifiers.kind, identifiers.identifier
