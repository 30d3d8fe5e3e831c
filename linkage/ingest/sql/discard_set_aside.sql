-- A refused file leaves nothing behind. Reads and writes: set_aside. Parameters: $file.
DELETE FROM set_aside WHERE file = $file
