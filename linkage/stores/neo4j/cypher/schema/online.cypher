SHOW INDEXES YIELD name, state WHERE state = 'ONLINE' RETURN collect(name) AS names
