-- Files that were ever offered, and what became of their records.
-- reads: ledger
SELECT file_digest, file_name, source, read, accepted, duplicate, quarantined, refused
FROM ledger
ORDER BY ALL
