// Identifiers of a generation that at least two accounts share.
// Reads: Identifier. Parameters: generation, identifiers.
UNWIND $identifiers AS number
MATCH (i:Identifier {identifier: number})
WHERE (i.valid_from <= $generation AND (i.valid_to IS NULL OR i.valid_to > $generation))
   OR (i.valid_from > $generation AND i.previous_from IS NOT NULL)
WITH i, CASE
    WHEN i.valid_from <= $generation THEN i {.degree, .trust, .bits, .hub}
    ELSE {degree: i.previous_degree, trust: i.previous_trust, bits: i.previous_bits, hub: i.previous_hub}
END AS figures
WHERE figures.degree > 1
RETURN i.identifier, i.kind, figures.degree, figures.trust, figures.bits, figures.hub
ORDER BY i.identifier
