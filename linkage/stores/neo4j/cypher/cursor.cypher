// How far the publication has come, with a lock: nobody else moves it until this transaction ends.
// Writes: Current (the lock). Parameters: plan.
MATCH (current:Current)
SET current.touched = $plan
RETURN current.plan AS plan, current.row AS row
