-- Which accounts are linked, each pair once.
-- Reads: links.
SELECT account_a, account_b, weight_bits, kinds
FROM links
