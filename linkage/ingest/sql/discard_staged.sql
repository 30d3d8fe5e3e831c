-- A refused file leaves nothing behind. Reads and writes: staged. Parameters: $file.
DELETE FROM staged WHERE file = $file
