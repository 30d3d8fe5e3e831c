-- Reads: context_given, networks. Writes: context_judged.
CREATE OR REPLACE TEMP TABLE context_judged AS
SELECT
    row,
    CASE
        WHEN row_rule IS NOT NULL THEN row_rule
        WHEN networks.canonical IS NULL THEN 'cidr.invalid'
        WHEN asn IS NOT NULL AND whole_text(asn) IS NULL THEN 'asn.not_integer'
        WHEN whole_text(asn) < 0 THEN 'asn.negative'
        WHEN regexp_matches(kind, '[\x00-\x1f\x7f-\x{9f}]') THEN 'row.control_characters'
    END AS rule,
    'cidr.conflicting' AS conflict,
    networks.canonical AS key,
    concat_ws(chr(31), coalesce(networks.canonical, cidr, ''), coalesce(asn, ''), coalesce(kind, '')) AS content,
    networks.canonical AS cidr,
    whole_text(asn) AS asn,
    kind
FROM context_given
LEFT JOIN networks ON networks.given = context_given.cidr
