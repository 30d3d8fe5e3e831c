-- Records that could not be taken apart.
-- Reads: broken. Writes: set_aside.
INSERT INTO set_aside BY NAME
SELECT file, row, rule, digest FROM broken
