-- Clusters that an account was considered for and left out of.
-- Reads: left_out. Parameters: account.
SELECT cluster_id, membership, reason FROM left_out WHERE account = $account ORDER BY membership DESC, cluster_id
