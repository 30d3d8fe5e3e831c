CREATE INDEX account_closed IF NOT EXISTS FOR (n:Account) ON (n.valid_to)
