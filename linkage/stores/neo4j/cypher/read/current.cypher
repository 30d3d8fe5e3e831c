// What readers get.
// Reads: Current.
OPTIONAL MATCH (current:Current)
RETURN current.refresh_id, current.generation
