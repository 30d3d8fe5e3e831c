-- A refused file displaces nothing. Reads and writes: retracted. Parameters: $file.
DELETE FROM retracted WHERE cause = $file
