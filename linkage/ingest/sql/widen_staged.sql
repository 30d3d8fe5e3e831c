-- Writes: staged. Parts: {column}, {type}.
ALTER TABLE staged ADD COLUMN {column} {type}
