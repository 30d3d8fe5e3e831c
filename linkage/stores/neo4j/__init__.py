"""The graph of a workspace in a Neo4j server: publishing it, and whether it is in step.

The model, and why it is this one, is in ``docs/decisions/0009-graph-in-neo4j.md``. Statements are one a file under
``cypher/``; values, labels included, are bound parameters.
"""
