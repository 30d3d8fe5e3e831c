-- UTC days in hand.
-- Reads: staged.
SELECT DISTINCT CAST(event_time AS DATE) AS day FROM staged
