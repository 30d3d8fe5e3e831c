-- Canonical rows of the files in hand; identifier and description columns are added as files bring them.
-- Writes: staged.
CREATE OR REPLACE TEMP TABLE staged (
    file INTEGER,
    row BIGINT,
    rule VARCHAR,
    digest UUID,
    event_key UUID,
    source VARCHAR,
    account_id VARCHAR,
    events BIGINT,
    event_type VARCHAR,
    event_time TIMESTAMP
)
