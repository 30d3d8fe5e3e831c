-- The identities of this write are in the lake now. Reads and writes: identities.
UPDATE identities SET unit = 0 WHERE unit > 0
