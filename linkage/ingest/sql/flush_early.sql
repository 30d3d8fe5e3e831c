-- Rows that a thread collects before it appends them to the days' files: 16,384 instead of 524,288 take 0.6 GB
-- instead of 2.1 GB for 6 M events of 30 days, and no longer.
SET partitioned_write_flush_threshold = 16384
