-- Reads: identities.
SELECT value FROM identities WHERE unit > 0 AND kind = 'ip_address' AND contains(value, ':') ORDER BY value
