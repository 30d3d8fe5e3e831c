// Who used what of a generation, as the table used has it.
// Reads: USED. Parameters: generation.
MATCH (a:Account)-[r:USED]->(b:Identifier)
WHERE r.valid_from <= $generation AND coalesce(r.valid_to > $generation, true)
RETURN
    a.account,
    b.identifier,
    r.count,
    r.active_days,
    r.first_seen.epochSeconds * 1000000 + r.first_seen.microsecond,
    r.last_seen.epochSeconds * 1000000 + r.last_seen.microsecond,
    r.wide_account IS NOT NULL
