"""Ingest's statements in Spark's dialect, translated by sqlglot."""

from __future__ import annotations


def spark_sql(text: str) -> str:
    """The query of a DuckDB statement in Spark SQL; of a statement that makes a table of a query, the query.

    ``epoch_us`` reads a TIMESTAMP as UTC, which is the time zone of the session that runs it. A sum of whole numbers is
    taken beyond 64 bits, as DuckDB takes it.
    """
    import sqlglot
    from sqlglot import expressions as exp

    statement = sqlglot.parse_one(text, read="duckdb")
    query = statement.expression if isinstance(statement, exp.Create) else statement

    def translated(node: exp.Expr) -> exp.Expr:
        if isinstance(node, exp.Anonymous) and node.name.lower() == "epoch_us":
            (moment,) = node.expressions
            return exp.Anonymous(this="unix_micros", expressions=[exp.cast(moment, "TIMESTAMP")])
        if isinstance(node, exp.Sum):
            return exp.Sum(this=exp.cast(node.this, "DECIMAL(20, 0)"))
        return node

    whole: exp.Expr = query.transform(translated)
    return whole.sql(dialect="spark", unsupported_level=sqlglot.ErrorLevel.RAISE)
