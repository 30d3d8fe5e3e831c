-- Reads: context_ranked. Parameters: $inner, $outer.
SELECT row, rule, keyed(digest, $inner, $outer) AS digest FROM context_ranked WHERE rule IS NOT NULL ORDER BY row
