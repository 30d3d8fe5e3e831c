-- Reads and writes: staged.
DELETE FROM staged WHERE rule IS NOT NULL
