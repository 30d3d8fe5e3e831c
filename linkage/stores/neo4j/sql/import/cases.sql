-- Cases as neo4j-admin imports them: its header, then the rows.
-- Reads: after.cases.
SELECT
    case_id AS "case_id:ID(Case){id-type:string}",
    status AS "status:string",
    strftime(make_timestamp(opened_at), '%Y-%m-%dT%H:%M:%S.%fZ') AS "opened_at:datetime",
    strftime(make_timestamp(changed_at), '%Y-%m-%dT%H:%M:%S.%fZ') AS "changed_at:datetime",
    verdict AS "verdict:string",
    array_to_string(reasons, chr(31)) AS "reasons:string[]",
    strftime(make_timestamp(decided_at), '%Y-%m-%dT%H:%M:%S.%fZ') AS "decided_at:datetime",
    strftime(make_timestamp(expires_at), '%Y-%m-%dT%H:%M:%S.%fZ') AS "expires_at:datetime",
    scope_refresh_id AS "scope_refresh_id:string",
    scope_cluster_id AS "scope_cluster_id:string",
    scope_size AS "scope_size:long",
    scope_affected AS "scope_affected:long",
    scope_digest AS "scope_digest:string",
    array_to_string(scope_excluded, chr(31)) AS "scope_excluded:long[]",
    1 AS "valid_from:long"
FROM after.cases
