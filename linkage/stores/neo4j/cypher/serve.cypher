// Readers get the new generation, from one moment to the next.
// Writes: Current, SERVES, Refresh. Parameters: generation, refresh (properties of the refresh).
MATCH (current:Current)
OPTIONAL MATCH (current)-[old:SERVES]->()
DELETE old
WITH current
MERGE (refresh:Refresh {refresh_id: $refresh.refresh_id})
SET refresh += $refresh, refresh.generation = $generation, refresh.as_of = datetime($refresh.as_of)
CREATE (current)-[:SERVES]->(refresh)
SET
    current.generation = $generation,
    current.refresh_id = $refresh.refresh_id,
    current.publishing = NULL,
    current.plan = NULL,
    current.row = NULL,
    current.touched = NULL
