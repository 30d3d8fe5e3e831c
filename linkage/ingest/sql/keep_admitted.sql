-- Writes: admitted. Parts: {admitted}.
CREATE OR REPLACE TEMP TABLE admitted AS {admitted}
