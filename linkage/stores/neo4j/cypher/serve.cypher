// Readers get the new generation, from one moment to the next.
// Writes: Current, SERVES, Refresh. Parameters: generation, refresh (properties of the refresh), casework.
// The refresh keeps the generation that brought it where only cases have changed since.
MATCH (current:Current)
OPTIONAL MATCH (current)-[old:SERVES]->()
DELETE old
WITH current
MERGE (refresh:Refresh {refresh_id: $refresh.refresh_id})
SET
    refresh += $refresh,
    refresh.generation = CASE
        WHEN current.refresh_id = $refresh.refresh_id THEN refresh.generation
        ELSE $generation
    END,
    refresh.as_of = datetime($refresh.as_of)
CREATE (current)-[:SERVES]->(refresh)
SET
    current.generation = $generation,
    current.refresh_id = $refresh.refresh_id,
    current.casework = $casework,
    current.publishing = NULL,
    current.plan = NULL,
    current.row = NULL,
    current.touched = NULL
