-- Settled rows, and those of days that are written anew.
-- Reads: {relations}. Writes: incoming.
CREATE OR REPLACE TEMP VIEW incoming AS {relations}
