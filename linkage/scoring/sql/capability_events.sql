-- Events per account and capability.
-- reads: usage, account_position
SELECT account_position.position, usage.capability, sum(usage.events)::BIGINT AS events
FROM usage
JOIN account_position USING (account)
WHERE usage.capability IS NOT NULL
GROUP BY ALL
ORDER BY ALL
