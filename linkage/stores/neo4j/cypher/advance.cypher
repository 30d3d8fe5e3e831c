// The cursor stands behind the batch of this transaction.
// Writes: Current. Parameters: row.
MATCH (current:Current)
SET current.row = $row
