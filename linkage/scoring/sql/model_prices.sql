-- Models by what a token of them costs over everybody: 0 the cheapest, 1 the dearest.
-- reads:  usage
-- writes: model_prices (model, price_rank)
CREATE OR REPLACE TEMP TABLE model_prices AS
SELECT model, percent_rank() OVER (ORDER BY price) AS price_rank
FROM (
    SELECT model, sum(cost_usd_micros) / nullif(sum(tokens), 0) AS price
    FROM usage
    WHERE model IS NOT NULL
    GROUP BY model
    HAVING sum(cost_usd_micros) > 0 AND sum(tokens) > 0
)
