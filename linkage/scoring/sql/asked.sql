-- What every account spent on each prompt template that it shares with others.
-- reads: merged_sightings, identifier_position
SELECT
    merged_sightings.position AS account,
    identifier_position.position AS identifier,
    merged_sightings.tokens AS tokens
FROM merged_sightings
JOIN identifier_position USING (identifier)
WHERE merged_sightings.kind = 'prompt_template' AND merged_sightings.tokens > 0
ORDER BY account, identifier
