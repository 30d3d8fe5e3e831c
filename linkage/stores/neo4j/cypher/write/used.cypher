// Who used what: what is new in this generation.
// Writes: USED. Parameters: generation, rows (account, identifier, count, active_days, first_seen, last_seen, wide).
UNWIND $rows AS row
MATCH (a:Account {account: row[0]})
MATCH (b:Identifier {identifier: row[1]})
CREATE (a)-[:USED {
    count: row[2],
    active_days: row[3],
    first_seen: datetime({epochSeconds: row[4] / 1000000, nanosecond: row[4] % 1000000 * 1000}),
    last_seen: datetime({epochSeconds: row[5] / 1000000, nanosecond: row[5] % 1000000 * 1000}),
    wide_identifier: CASE WHEN row[6] THEN row[1] END,
    wide_account: CASE WHEN row[6] THEN row[0] END,
    valid_from: $generation
}]->(b)
