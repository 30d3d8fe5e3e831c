-- Writes: {relation}.
DROP TABLE {relation}
