// Identifiers of a generation that at least two accounts share.
// Reads: Identifier. Parameters: generation, identifiers.
UNWIND $identifiers AS number
MATCH (i:Identifier {identifier: number})
WHERE CASE
    WHEN i.valid_from <= $generation THEN coalesce(i.valid_to > $generation, true)
    ELSE i.previous_from IS NOT NULL
END
WITH number, i.kind AS kind, CASE
    WHEN i.valid_from <= $generation THEN i {.degree, .trust, .bits, .hub}
    ELSE {degree: i.previous_degree, trust: i.previous_trust, bits: i.previous_bits, hub: i.previous_hub}
END AS figures
ORDER BY number
WHERE figures.degree > 1
RETURN collect([number, kind, figures.degree, figures.trust, figures.bits, figures.hub])
