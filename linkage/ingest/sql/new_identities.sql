-- Surrogate ids made in this write, with the network of an IPv4 address and whether it is public.
-- Reads: identities, contexts.
SELECT
    identities.kind,
    identities.id,
    identities.value,
    CASE WHEN contexts.address IS NOT NULL THEN contexts.prefix
         WHEN kind = 'ip_address' THEN v4_network(value) END AS prefix,
    CASE WHEN contexts.address IS NOT NULL THEN contexts.private
         WHEN kind = 'ip_address' THEN v4_not_public(value) END AS private
FROM identities
LEFT JOIN contexts ON contexts.address = identities.value AND identities.kind = 'ip_address'
WHERE unit > 0
ORDER BY id
