-- Rows that broke a rule, until they are written to the quarantine.
-- Writes: set_aside.
CREATE OR REPLACE TEMP TABLE set_aside (file INTEGER, row BIGINT, rule VARCHAR, digest VARCHAR)
