-- Part of encode.sql: the surrogate ids of one column. Parts: {alias}, {ids}, {column}.
LEFT JOIN {ids} AS {alias} ON {alias}.value = staged.{column}
