-- Sightings of schedules, in the columns of `sightings`: a member seen in step on a day, in whole moments.
-- reads:  schedule_moments, account_position
-- writes: schedule_sightings
-- parameters: kind (of schedules)
CREATE OR REPLACE TEMP TABLE schedule_sightings AS
SELECT
    make_timestamp(slot * 600000000)::DATE AS day,
    account_position.account AS account,
    $kind::VARCHAR AS kind,
    schedule_moments.identifier AS identifier,
    count(*) AS events,
    0::BIGINT AS tokens,
    make_timestamp(min(slot) * 600000000) AS first_seen,
    make_timestamp(max(slot) * 600000000) AS last_seen,
    NULL::BIGINT AS asn,
    NULL::VARCHAR AS country
FROM schedule_moments
JOIN account_position USING (position)
GROUP BY ALL
