// A publication begins, unless another one began since we looked. Run twice it begins once.
// Writes: Current. Parameters: generation (the one that is served), refresh_id, plan.
MATCH (current:Current)
SET current.touched = $plan
WITH current
WHERE current.generation = $generation
  AND (current.publishing IS NULL OR (current.plan = $plan AND current.row = 0))
SET current.publishing = $refresh_id, current.plan = $plan, current.row = 0
RETURN current.generation AS generation
