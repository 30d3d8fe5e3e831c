-- Rows of a table that was aggregated elsewhere, with surrogate ids in the place of raw values.
-- Reads: {relation}, identities. Writes: aggregated_encoded. Parts: {columns}, {joins}.
CREATE OR REPLACE TEMP VIEW aggregated_encoded AS
SELECT {columns}
FROM {relation} AS given
JOIN identities AS account ON account.kind = 'account' AND account.value = given.account
{joins}
