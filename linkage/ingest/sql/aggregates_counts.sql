-- Rows by day of a table that was aggregated elsewhere.
-- Reads: {relation}.
SELECT day, count(*) FROM {relation} GROUP BY day
