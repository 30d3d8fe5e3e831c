-- Rows of some days.
-- Reads: events_to_write. Writes: portion. Parts: {condition}.
CREATE OR REPLACE TEMP VIEW portion AS
SELECT * FROM events_to_write WHERE {condition}
