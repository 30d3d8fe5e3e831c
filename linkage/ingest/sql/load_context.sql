-- Reads and writes: {table}. Parameters: $files.
INSERT INTO {table} BY NAME SELECT * FROM read_parquet($files, hive_partitioning = false)
