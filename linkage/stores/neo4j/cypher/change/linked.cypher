// Linked accounts: what says something else in this generation; what it said before stays for its readers.
// Writes: LINKED. Parameters: generation, rows (account_a, account_b, weight_bits, kinds).
UNWIND $rows AS row
MATCH (:Account {account: row[0]})-[r:LINKED]->(:Account {account: row[1]})
WHERE r.valid_to IS NULL
SET
    r.previous_from = r.valid_from,
    r.previous_weight_bits = r.weight_bits,
    r.previous_kinds = r.kinds
SET
    r.valid_from = $generation,
    r.weight_bits = row[2],
    r.kinds = row[3]
