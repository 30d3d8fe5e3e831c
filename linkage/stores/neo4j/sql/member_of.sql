-- Which accounts are in which cluster.
-- Reads: members.
SELECT account, cluster_id, membership, role
FROM members
