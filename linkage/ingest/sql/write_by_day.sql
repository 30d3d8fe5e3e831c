-- One file for each UTC day. The mark keeps files of equal rows, from different writes, apart.
-- Reads: {relation}. Writes: the folder $target. Parts: {mark}, {keep_day}.
COPY (SELECT * FROM {relation}) TO $target (
    FORMAT parquet,
    COMPRESSION zstd,
    COMPRESSION_LEVEL 1,
    ROW_GROUP_SIZE 32768,
    PARTITION_BY (day),
    WRITE_PARTITION_COLUMNS {keep_day},
    KV_METADATA {write: '{mark}'}
)
