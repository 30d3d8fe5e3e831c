-- First day of the sightings, and how many days later the last one is; 1970 and 0 where there is none.
-- reads:  sightings, schedule_sightings
SELECT coalesce(min(day), DATE '1970-01-01') AS first, coalesce(max(day) - min(day), 0) AS days
FROM (SELECT day FROM sightings UNION ALL SELECT day FROM schedule_sightings)
