// Nothing is left of the abandoned publication.
// Writes: Current.
MATCH (current:Current)
WHERE current.plan = 'abandoned'
SET current.publishing = NULL, current.plan = NULL, current.row = NULL, current.touched = NULL
