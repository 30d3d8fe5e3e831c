-- Moments at which accounts of a schedule are a crowd, as the snapshot keeps them. Members count with every moment that
-- they have there, as in their sightings of the schedule.
-- Reads: schedule_moments, schedule_slots. Parameters: digits.
SELECT
    schedule_slots.identifier,
    make_timestamp(schedule_slots.slot * 600000000) AS moment,
    count(*) AS accounts,
    round(schedule_slots.expected, $digits) AS expected
FROM schedule_slots
JOIN schedule_moments USING (identifier, slot)
GROUP BY schedule_slots.identifier, schedule_slots.slot, schedule_slots.expected
ORDER BY schedule_slots.identifier DESC, schedule_slots.slot
