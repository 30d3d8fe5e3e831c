-- Rows that go into the lake: new ones, and those of days that are written anew.
-- Reads: incoming, retracted. Writes: events_to_write.
CREATE OR REPLACE TEMP VIEW events_to_write AS
SELECT * FROM incoming
ANTI JOIN retracted ON retracted.event_key = incoming.event_key AND retracted.digest = incoming.digest
