-- Part of encode.sql: the surrogate ids of one kind. Parts: {alias}, {kind}, {column}.
LEFT JOIN (SELECT id, value FROM identities WHERE kind = '{kind}') AS {alias} ON {alias}.value = staged.{column}
