// Accounts of an identifier with many of them, in order.
// Writes: an index.
CREATE INDEX used_wide IF NOT EXISTS FOR ()-[r:USED]-() ON (r.wide_identifier, r.wide_account)
