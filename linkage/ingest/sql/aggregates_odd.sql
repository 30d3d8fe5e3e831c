-- How many rows of aggregates name nobody, an account without activity, or a kind that was not asked for.
-- Reads: aggregated_sightings, aggregated_activity, aggregated_usage, aggregated_slots. Parameters: $kinds.
SELECT
    (SELECT count(*) FROM aggregated_sightings
     WHERE kind IS NULL OR identifier IS NULL OR NOT list_contains($kinds, kind))
    + (SELECT count(*) FROM aggregated_activity WHERE account IS NULL)
    + (SELECT count(*)
       FROM (
           SELECT account FROM aggregated_sightings
           UNION SELECT account FROM aggregated_usage
           UNION SELECT account FROM aggregated_slots
       ) AS named
       ANTI JOIN aggregated_activity ON aggregated_activity.account = named.account)
