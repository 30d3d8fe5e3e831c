// Who used what: what says something else in this generation; what it said before stays for its readers.
// Writes: USED. Parameters: generation, rows (account, identifier, count, active_days, first_seen, last_seen, wide).
UNWIND $rows AS row
MATCH (:Account {account: row[0]})-[r:USED]->(:Identifier {identifier: row[1]})
WHERE r.valid_to IS NULL
SET
    r.previous_from = r.valid_from,
    r.previous_count = r.count,
    r.previous_active_days = r.active_days,
    r.previous_first_seen = r.first_seen,
    r.previous_last_seen = r.last_seen
SET
    r.valid_from = $generation,
    r.count = row[2],
    r.active_days = row[3],
    r.first_seen = datetime({epochSeconds: row[4] / 1000000, nanosecond: row[4] % 1000000 * 1000}),
    r.last_seen = datetime({epochSeconds: row[5] / 1000000, nanosecond: row[5] % 1000000 * 1000}),
    r.wide_identifier = CASE WHEN row[6] THEN row[1] ELSE r.wide_identifier END,
    r.wide_account = CASE WHEN row[6] THEN row[0] ELSE r.wide_account END
