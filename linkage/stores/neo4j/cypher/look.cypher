// Whom the graph belongs to, what readers get, and the publication under way.
// Reads: Current.
OPTIONAL MATCH (current:Current)
RETURN
    current.workspace AS workspace,
    current.model AS model,
    current.generation AS generation,
    current.refresh_id AS refresh_id,
    current.casework AS casework,
    current.publishing AS publishing,
    current.plan AS plan,
    current.row AS row,
    current IS NULL AND COUNT { () } > 0 AS foreign
