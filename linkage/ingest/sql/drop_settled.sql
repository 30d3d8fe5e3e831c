-- What is left in `staged` is accepted.
-- Reads: fates. Reads and writes: staged.
DELETE FROM staged WHERE rowid IN (SELECT entry FROM fates WHERE fate <> 'accepted')
