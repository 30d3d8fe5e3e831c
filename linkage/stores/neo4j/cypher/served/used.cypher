// Who used what of a generation, as the table used has it.
// Reads: USED. Parameters: generation, wide.
MATCH (a:Account)-[r:USED]->(b:Identifier)
WHERE CASE
    WHEN r.valid_from <= $generation THEN coalesce(r.valid_to > $generation, true)
    ELSE r.previous_from IS NOT NULL
END
WITH a, b, CASE
    WHEN r.valid_from <= $generation THEN r {.count, .active_days, .first_seen, .last_seen}
    ELSE {count: r.previous_count, active_days: r.previous_active_days, first_seen: r.previous_first_seen, last_seen: r.previous_last_seen}
END AS figures
RETURN
    a.account,
    b.identifier,
    figures.count,
    figures.active_days,
    figures.first_seen.epochSeconds * 1000000 + figures.first_seen.microsecond,
    figures.last_seen.epochSeconds * 1000000 + figures.last_seen.microsecond,
    CASE WHEN b.valid_from <= $generation THEN b.degree ELSE b.previous_degree END > $wide
