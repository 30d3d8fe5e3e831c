// Cases that are new, or say something new, in this generation; what they said before stays for its readers.
// Writes: Case. Parameters: generation, rows (case_id, status, opened_at, changed_at, verdict, reasons, decided_at, expires_at, scope_refresh_id, scope_cluster_id, scope_size, scope_affected, scope_digest, scope_excluded).
UNWIND $rows AS row
MERGE (n:Case {case_id: row[0]})
SET
    n.previous_from = CASE WHEN n.valid_to IS NULL THEN n.valid_from END,
    n.previous_status = n.status,
    n.previous_opened_at = n.opened_at,
    n.previous_changed_at = n.changed_at,
    n.previous_verdict = n.verdict,
    n.previous_reasons = n.reasons,
    n.previous_decided_at = n.decided_at,
    n.previous_expires_at = n.expires_at,
    n.previous_scope_refresh_id = n.scope_refresh_id,
    n.previous_scope_cluster_id = n.scope_cluster_id,
    n.previous_scope_size = n.scope_size,
    n.previous_scope_affected = n.scope_affected,
    n.previous_scope_digest = n.scope_digest,
    n.previous_scope_excluded = n.scope_excluded
SET
    n.valid_from = $generation,
    n.valid_to = NULL,
    n.status = row[1],
    n.opened_at = datetime({epochSeconds: row[2] / 1000000, nanosecond: row[2] % 1000000 * 1000}),
    n.changed_at = datetime({epochSeconds: row[3] / 1000000, nanosecond: row[3] % 1000000 * 1000}),
    n.verdict = row[4],
    n.reasons = row[5],
    n.decided_at = CASE WHEN row[6] IS NOT NULL THEN datetime({epochSeconds: row[6] / 1000000, nanosecond: row[6] % 1000000 * 1000}) END,
    n.expires_at = CASE WHEN row[7] IS NOT NULL THEN datetime({epochSeconds: row[7] / 1000000, nanosecond: row[7] % 1000000 * 1000}) END,
    n.scope_refresh_id = row[8],
    n.scope_cluster_id = row[9],
    n.scope_size = row[10],
    n.scope_affected = row[11],
    n.scope_digest = row[12],
    n.scope_excluded = row[13]
