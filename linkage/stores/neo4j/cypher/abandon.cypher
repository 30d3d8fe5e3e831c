// The publication under way will not go on: no writer's plan fits any more.
// Writes: Current. Parameters: plan (the one that was found).
MATCH (current:Current)
SET current.touched = $plan
WITH current
WHERE current.plan = $plan OR current.plan = 'abandoned'
SET current.plan = 'abandoned'
RETURN current.publishing AS refresh_id
