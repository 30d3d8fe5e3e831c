-- Addresses whose text starts as those of a network do; the caller checks each against the network itself.
-- Reads: identities. Parameters: start.
SELECT kind, id, value FROM identities WHERE kind = 'ip_address' AND starts_with(value, $start) ORDER BY value
