// Members: what says something else in this generation; what it said before stays for its readers.
// Writes: MEMBER_OF. Parameters: generation, rows (account, cluster_id, membership, role).
UNWIND $rows AS row
MATCH (:Account {account: row[0]})-[r:MEMBER_OF]->(:Cluster {cluster_id: row[1]})
WHERE r.valid_to IS NULL
SET
    r.previous_from = r.valid_from,
    r.previous_membership = r.membership,
    r.previous_role = r.role
SET
    r.valid_from = $generation,
    r.membership = row[2],
    r.role = row[3]
