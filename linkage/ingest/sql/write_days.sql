-- One file for each UTC day, else as write_day.sql.
-- Reads: {relation}. Writes: the folder $target. Parts: {columns}, {mark}, {keep_day}.
COPY (SELECT {columns} FROM {relation}) TO $target (
    FORMAT parquet,
    COMPRESSION zstd,
    COMPRESSION_LEVEL 1,
    ROW_GROUP_SIZE 32768,
    PARTITION_BY (day),
    WRITE_PARTITION_COLUMNS {keep_day},
    KV_METADATA {write: '{mark}'}
)
