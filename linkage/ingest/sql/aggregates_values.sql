-- Values that need surrogate ids: those of one kind.
-- Reads: {relation}. Writes: aggregated_values. Parts: {column}, {condition}.
CREATE OR REPLACE TEMP VIEW aggregated_values AS
SELECT {column} AS value FROM {relation} WHERE {condition}
