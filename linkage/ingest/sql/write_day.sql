-- One file. The mark keeps files of equal rows, from different writes, apart.
-- Reads: {relation}. Writes: the file $target. Parts: {mark}.
COPY (SELECT * FROM {relation}) TO $target (
    FORMAT parquet,
    COMPRESSION zstd,
    COMPRESSION_LEVEL 1,
    KV_METADATA {write: '{mark}'}
)
