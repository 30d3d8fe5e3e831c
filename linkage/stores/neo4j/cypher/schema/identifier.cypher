CREATE CONSTRAINT identifier IF NOT EXISTS FOR (n:Identifier) REQUIRE n.identifier IS UNIQUE
