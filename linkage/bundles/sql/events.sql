-- Accepted events of the accounts of a bundle, up to as-of, in order of time.
-- reads: kept_events (columns of the bundle, and digest), wanted (account)
-- parameters: as_of
SELECT kept_events.* EXCLUDE (digest)
FROM kept_events
SEMI JOIN wanted ON wanted.account = kept_events.account
WHERE kept_events.event_time <= $as_of
ORDER BY kept_events.event_time, kept_events.event_key, kept_events.digest
