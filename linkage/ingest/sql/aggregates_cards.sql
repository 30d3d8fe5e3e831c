-- How many payment instruments look like card numbers.
-- Reads: aggregated_sightings.
SELECT count(*)
FROM (SELECT DISTINCT identifier FROM aggregated_sightings WHERE kind = 'payment_instrument')
WHERE is_card(identifier)
