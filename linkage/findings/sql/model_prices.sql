-- Models by what a token of them costs over everybody.
-- reads: model_prices
SELECT model, price_rank FROM model_prices ORDER BY model
