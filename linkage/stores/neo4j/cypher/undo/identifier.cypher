// Identifiers that an abandoned publication wrote: what they said before; those that were not there are closed.
// Writes: Identifier. Parameters: generation, rows (at most so many at once).
MATCH (n:Identifier)
WHERE n.valid_from = $generation AND n.valid_to IS NULL
WITH n LIMIT $rows
SET
    n.valid_to = CASE WHEN n.previous_from IS NULL THEN $generation END,
    n.valid_from = coalesce(n.previous_from, $generation),
    n.degree = n.previous_degree,
    n.trust = n.previous_trust,
    n.bits = n.previous_bits,
    n.hub = n.previous_hub,
    n.note = n.previous_note
RETURN count(*) AS rows
