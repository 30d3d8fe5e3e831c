// Identifiers that are new, or say something new, in this generation; what they said before stays for its readers.
// Writes: Identifier. Parameters: generation, rows (identifier, kind, degree, trust, bits, hub, note), labels (by kind).
UNWIND $rows AS row
MERGE (n:Identifier {identifier: row[0]})
SET n:$($labels[row[1]])
SET
    n.previous_from = CASE WHEN n.valid_to IS NULL THEN n.valid_from END,
    n.previous_degree = n.degree,
    n.previous_trust = n.trust,
    n.previous_bits = n.bits,
    n.previous_hub = n.hub,
    n.previous_note = n.note
SET
    n.valid_from = $generation,
    n.valid_to = NULL,
    n.kind = row[1],
    n.degree = row[2],
    n.trust = row[3],
    n.bits = row[4],
    n.hub = row[5],
    n.note = row[6]
