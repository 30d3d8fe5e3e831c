-- Canonical order of identifiers: by kind, smallest account on it, accounts, first use, then raw value. A keyed hash
-- decides only between identifiers that the rest of the graph cannot tell apart.
-- reads:  merged_sightings, identities
-- writes: identifier_position (identifier, kind, position, degree)
CREATE OR REPLACE TEMP TABLE identifier_position AS
SELECT
    seen.identifier,
    seen.kind,
    seen.degree,
    row_number() OVER (
        ORDER BY seen.kind, seen.smallest, seen.degree, seen.first_seen, seen.events, identities.value, seen.identifier
    ) - 1 AS position
FROM (
    SELECT
        identifier,
        any_value(kind) AS kind,
        count(*) AS degree,
        min(position) AS smallest,
        min(first_seen) AS first_seen,
        sum(events) AS events
    FROM merged_sightings
    GROUP BY identifier
) AS seen
LEFT JOIN identities ON identities.id = seen.identifier
WHERE seen.degree >= 2
