-- Reads: fates. Writes: set_aside. Parameters: $inner, $outer.
INSERT INTO set_aside BY NAME
SELECT file, row, 'conflicting_event_id' AS rule, keyed(CAST(digest AS VARCHAR), $inner, $outer) AS digest
FROM fates
WHERE fate = 'conflicting'
