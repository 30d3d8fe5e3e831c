-- Reads: {table}. Writes: the file $target. Parts: {key}.
COPY (SELECT * FROM {table} ORDER BY {key}) TO $target (FORMAT parquet, COMPRESSION zstd)
