-- A refused file leaves no values behind. Reads and writes: identities. Parameters: $unit.
DELETE FROM identities WHERE unit >= $unit
