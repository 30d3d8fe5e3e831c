-- Writes: identities. Parameters: $files.
INSERT INTO identities BY NAME
SELECT kind, id, value, 0 AS unit FROM read_parquet($files, hive_partitioning = false)
