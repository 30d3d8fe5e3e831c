-- Source files whose counts do not add up.
-- Reads: ledger (a view of the lake's ledger files). Parameters: none.
SELECT count(*) AS files, count(*) FILTER (refused IS NULL AND read <> accepted + duplicate + quarantined) AS wrong
FROM ledger
