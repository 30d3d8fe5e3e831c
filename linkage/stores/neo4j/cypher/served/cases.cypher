// Cases of a generation, as the table cases has them.
// Reads: Case. Parameters: generation.
MATCH (n:Case)
WHERE (n.valid_from <= $generation AND coalesce(n.valid_to > $generation, true))
   OR (n.valid_from > $generation AND n.previous_from IS NOT NULL)
WITH n, CASE
    WHEN n.valid_from <= $generation THEN n {.status, .opened_at, .changed_at, .verdict, .reasons, .decided_at, .expires_at, .scope_refresh_id, .scope_cluster_id, .scope_size, .scope_affected, .scope_digest, .scope_excluded}
    ELSE {status: n.previous_status, opened_at: n.previous_opened_at, changed_at: n.previous_changed_at, verdict: n.previous_verdict, reasons: n.previous_reasons, decided_at: n.previous_decided_at, expires_at: n.previous_expires_at, scope_refresh_id: n.previous_scope_refresh_id, scope_cluster_id: n.previous_scope_cluster_id, scope_size: n.previous_scope_size, scope_affected: n.previous_scope_affected, scope_digest: n.previous_scope_digest, scope_excluded: n.previous_scope_excluded}
END AS figures
RETURN
    n.case_id,
    figures.status,
    figures.opened_at.epochSeconds * 1000000 + figures.opened_at.microsecond,
    figures.changed_at.epochSeconds * 1000000 + figures.changed_at.microsecond,
    figures.verdict,
    figures.reasons,
    figures.decided_at.epochSeconds * 1000000 + figures.decided_at.microsecond,
    figures.expires_at.epochSeconds * 1000000 + figures.expires_at.microsecond,
    figures.scope_refresh_id,
    figures.scope_cluster_id,
    figures.scope_size,
    figures.scope_affected,
    figures.scope_digest,
    figures.scope_excluded
