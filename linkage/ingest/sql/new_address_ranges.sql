-- Reads: context_standing. Writes: context_new.
CREATE OR REPLACE TEMP TABLE context_new AS SELECT cidr, asn, kind FROM context_standing
