-- Part of known.sql: what decides over later rows. Parts: {relation}.
SELECT event_key, digest, event_time, origin_file, origin_row FROM {relation}
