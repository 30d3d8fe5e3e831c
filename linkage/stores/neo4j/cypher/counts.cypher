// How much of each part of the graph a generation shows.
// Reads: everything. Parameters: generation.
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
        MATCH ()-[r:USED]->()
        WHERE r.valid_from <= $generation AND coalesce(r.valid_to > $generation, true)
    } AS used,
    COUNT {
        MATCH ()-[r:LINKED]->()
        WHERE r.valid_from <= $generation AND coalesce(r.valid_to > $generation, true)
    } AS linked,
    COUNT {
        MATCH ()-[r:MEMBER_OF]->()
        WHERE r.valid_from <= $generation AND coalesce(r.valid_to > $generation, true)
    } AS member_of,
    COUNT {
        MATCH ()-[r:DERIVED_FROM]->()
        WHERE r.valid_from = $generation
    } AS derived_from
