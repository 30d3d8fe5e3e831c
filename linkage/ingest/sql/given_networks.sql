-- Reads: context_given.
SELECT DISTINCT cidr FROM context_given WHERE cidr IS NOT NULL ORDER BY cidr
