-- What a cluster did each day.
-- Reads: timeline. Parameters: cluster.
SELECT day, accounts, events, tokens, expected_events FROM timeline WHERE cluster_id = $cluster ORDER BY day
