-- Every surrogate id of the workspace. `unit` is 0 for those of the lake, else the step of this write that made them.
-- Writes: identities.
CREATE OR REPLACE TEMP TABLE identities (kind VARCHAR, id BIGINT, value VARCHAR, unit INTEGER)
