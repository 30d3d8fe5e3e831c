-- Identifiers as neo4j-admin imports them: its header, then the rows.
-- Reads: after.identifier, labels.
SELECT
    identifier AS "identifier:ID(Identifier){id-type:long}",
    kind AS "kind:string",
    degree AS "degree:long",
    trust AS "trust:double",
    bits AS "bits:double",
    hub AS "hub:boolean",
    note AS "note:string",
    1 AS "valid_from:long",
    label AS ":LABEL"
FROM after.identifier
JOIN labels USING (kind)
