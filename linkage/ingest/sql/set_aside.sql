-- Rows that broke a rule leave a keyed digest of what they held; of a card number not even that.
-- Reads: staged. Writes: set_aside. Parameters: $inner, $outer.
INSERT INTO set_aside BY NAME
SELECT file, row, rule, keyed(CAST(digest AS VARCHAR), $inner, $outer) AS digest
FROM staged
WHERE rule IS NOT NULL
