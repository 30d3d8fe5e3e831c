// Cases that an abandoned publication wrote: what they said before; those that were not there are closed.
// Writes: Case. Parameters: generation, rows (at most so many at once).
MATCH (n:Case)
WHERE n.valid_from = $generation AND n.valid_to IS NULL
WITH n LIMIT $rows
SET
    n.valid_to = CASE WHEN n.previous_from IS NULL THEN $generation END,
    n.valid_from = coalesce(n.previous_from, $generation),
    n.status = n.previous_status,
    n.opened_at = n.previous_opened_at,
    n.changed_at = n.previous_changed_at,
    n.verdict = n.previous_verdict,
    n.reasons = n.previous_reasons,
    n.decided_at = n.previous_decided_at,
    n.expires_at = n.previous_expires_at,
    n.scope_refresh_id = n.previous_scope_refresh_id,
    n.scope_cluster_id = n.previous_scope_cluster_id,
    n.scope_size = n.previous_scope_size,
    n.scope_affected = n.previous_scope_affected,
    n.scope_digest = n.previous_scope_digest,
    n.scope_excluded = n.previous_scope_excluded
RETURN count(*) AS rows
