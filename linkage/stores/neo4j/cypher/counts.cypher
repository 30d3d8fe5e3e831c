// How much of each part of the graph a generation shows.
// Reads: everything. Parameters: generation.
OPTIONAL MATCH (refresh:Refresh) WHERE refresh.generation <= $generation
WITH max(refresh.generation) AS since
RETURN
    COUNT {
        MATCH (n:Account)
        WHERE (n.valid_from <= $generation AND coalesce(n.valid_to > $generation, true))
           OR (n.valid_from > $generation AND n.previous_from IS NOT NULL)
    } AS account,
    COUNT {
        MATCH (n:Identifier)
        WHERE (n.valid_from <= $generation AND coalesce(n.valid_to > $generation, true))
           OR (n.valid_from > $generation AND n.previous_from IS NOT NULL)
    } AS identifier,
    COUNT {
        MATCH (n:Cluster)
        WHERE (n.valid_from <= $generation AND coalesce(n.valid_to > $generation, true))
           OR (n.valid_from > $generation AND n.previous_from IS NOT NULL)
    } AS cluster,
    COUNT {
        MATCH (n:Case)
        WHERE (n.valid_from <= $generation AND coalesce(n.valid_to > $generation, true))
           OR (n.valid_from > $generation AND n.previous_from IS NOT NULL)
    } AS cases,
    COUNT {
        MATCH ()-[r:USED]->()
        WHERE CASE
            WHEN r.valid_from <= $generation THEN coalesce(r.valid_to > $generation, true)
            ELSE r.previous_from IS NOT NULL
        END
    } AS used,
    COUNT {
        MATCH ()-[r:LINKED]->()
        WHERE CASE
            WHEN r.valid_from <= $generation THEN coalesce(r.valid_to > $generation, true)
            ELSE r.previous_from IS NOT NULL
        END
    } AS linked,
    COUNT {
        MATCH ()-[r:MEMBER_OF]->()
        WHERE CASE
            WHEN r.valid_from <= $generation THEN coalesce(r.valid_to > $generation, true)
            ELSE r.previous_from IS NOT NULL
        END
    } AS member_of,
    COUNT {
        MATCH ()-[r:DERIVED_FROM]->()
        WHERE r.valid_from = since
    } AS derived_from,
    COUNT {
        MATCH ()-[r:ABOUT]->()
        WHERE r.valid_from <= $generation AND coalesce(r.valid_to > $generation, true)
    } AS about
