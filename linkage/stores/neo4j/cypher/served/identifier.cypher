// Identifiers of a generation, as the table identifier has them.
// Reads: Identifier. Parameters: generation.
MATCH (n:Identifier)
WHERE (n.valid_from <= $generation AND coalesce(n.valid_to > $generation, true))
   OR (n.valid_from > $generation AND n.previous_from IS NOT NULL)
WITH n, CASE
    WHEN n.valid_from <= $generation THEN n {.degree, .trust, .bits, .hub, .note}
    ELSE {degree: n.previous_degree, trust: n.previous_trust, bits: n.previous_bits, hub: n.previous_hub, note: n.previous_note}
END AS figures
RETURN
    n.identifier,
    n.kind,
    figures.degree,
    figures.trust,
    figures.bits,
    figures.hub,
    figures.note
