-- Reads: context_ranked. Writes: context_standing.
CREATE OR REPLACE TEMP TABLE context_standing AS SELECT * FROM context_ranked WHERE stands
