-- Reads: context_standing. Writes: context_new.
CREATE OR REPLACE TEMP TABLE context_new AS SELECT model, released_at FROM context_standing
