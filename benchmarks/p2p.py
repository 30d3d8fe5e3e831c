"""The P2P payments set: do accounts that linkage puts together send each other money, and are frauds among them?

Neo4j's P2P fraud sample, as re-published with changes in puppygraph/puppygraph-getting-started, under ODC-BY 1.0.
linkage reads the cards and devices of an account. It does not read transfers or fraud labels: both can contradict it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb

from benchmarks import results
from benchmarks.real_data import facts, trial

#: Pairs of accounts drawn at random, to know how often strangers pay each other.
_RANDOM_PAIRS = 500_000


def page(data: Path, folder: Path) -> str:
    """Run the trial; its tables in Markdown."""
    done = trial(data, "links.csv.gz", "p2p_neo4j.toml", "", folder)
    with done.connect() as connection:
        _load(connection, data)
        parts = [
            "# P2P payments",
            _stamped(),
            results.table(("", "figure"), [(row["row"], row["figure"]) for row in facts("p2p", done)]),
            "## Pairs of accounts, and how many of them sent each other money",
            results.table(("pairs", "number", "with a transfer"), _transfers(connection)),
            "## Frauds (charge-back or manual review; positives only)",
            results.table(("accounts", "number", "frauds", "share"), _frauds(connection)),
            "## Accounts in the cluster of a fraud, or on its card or device",
            results.table(("neighbours of frauds", "number", "frauds among them"), _neighbours(connection)),
            "## First clusters by score",
            results.table(_FIRST, _clusters(connection)),
        ]
    return "\n\n".join(parts)


def _stamped() -> str:
    stamp = results.stamp()
    return f"{stamp['date']}, linkage {stamp['version']} at `{stamp['commit']}`, {stamp['cores']} cores"


def _load(connection: duckdb.DuckDBPyConnection, data: Path) -> None:
    """Tables ``transfers`` (pairs a < b), ``frauds`` (account, fraud), ``sharing`` (pairs a < b, card, device)."""
    connection.execute(
        """CREATE TABLE transfers AS SELECT DISTINCT
            least(from_user_id, to_user_id) AS a, greatest(from_user_id, to_user_id) AS b
        FROM read_csv(?, all_varchar = true) WHERE from_user_id <> to_user_id""",
        [str(data / "transfers.csv.gz")],
    )
    connection.execute(
        "CREATE TABLE frauds AS SELECT account, fraud::INTEGER AS fraud FROM read_csv(?, all_varchar = true)",
        [str(data / "accounts.csv.gz")],
    )
    connection.execute(
        """CREATE TABLE uses AS SELECT DISTINCT account, id_type AS kind, identifier
        FROM read_csv(?, all_varchar = true)""",
        [str(data / "links.csv.gz")],
    )
    connection.execute(
        """CREATE TABLE sharing AS
        WITH sizes AS (SELECT kind, identifier, count(*) AS degree FROM uses GROUP BY ALL)
        SELECT x.account AS a, y.account AS b, bool_or(kind = 'card') AS card, bool_or(kind = 'device') AS device,
            min(degree) AS degree
        FROM uses AS x JOIN uses AS y USING (kind, identifier) JOIN sizes USING (kind, identifier)
        WHERE x.account < y.account GROUP BY ALL"""
    )


def _rows(connection: duckdb.DuckDBPyConnection, statement: str, *parameters: Any) -> list[tuple[Any, ...]]:
    return list(connection.execute(statement, list(parameters)).fetchall())


_PAIRS = """
    SELECT count(*), avg((transfers.a IS NOT NULL)::INTEGER)
    FROM ({chosen}) AS chosen LEFT JOIN transfers USING (a, b)"""


def _transfers(connection: duckdb.DuckDBPyConnection) -> list[tuple[str, str, str]]:
    both = "comembers JOIN clusters USING (cluster_id) LEFT JOIN sharing USING (a, b)"
    small = "size < 13"
    chosen = {
        "any two accounts (drawn at random)": f"""
            SELECT least(x, y) AS a, greatest(x, y) AS b FROM (
                SELECT accounts[1 + (hash(n, 1) % len(accounts))::BIGINT] AS x,
                    accounts[1 + (hash(n, 2) % len(accounts))::BIGINT] AS y
                FROM range({_RANDOM_PAIRS}) AS numbers (n),
                    (SELECT list(account ORDER BY account) AS accounts FROM frauds)
            ) WHERE x <> y""",
        "share a card": "SELECT a, b FROM sharing WHERE card",
        "share a device": "SELECT a, b FROM sharing WHERE device",
        "share a device that 13 or more accounts use, and no card": (
            "SELECT a, b FROM sharing WHERE NOT card AND degree >= 13"
        ),
        "of one cluster": "SELECT a, b FROM comembers",
        "of one cluster of up to 12": f"SELECT a, b FROM {both} WHERE {small}",
        "… sharing a card and a device": f"SELECT a, b FROM {both} WHERE {small} AND card AND device",
        "… sharing a card only": f"SELECT a, b FROM {both} WHERE {small} AND card AND NOT device",
        "… sharing a device only": f"SELECT a, b FROM {both} WHERE {small} AND device AND NOT card",
        "… sharing nothing, tied through others": f"SELECT a, b FROM {both} WHERE {small} AND card IS NULL",
        "of one cluster of up to 12, validated": f"SELECT a, b FROM {both} WHERE {small} AND q_value <= .05",
        "of one cluster of 13 and more": f"SELECT a, b FROM {both} WHERE size >= 13",
        "of different clusters, sharing a card": """
            SELECT a, b FROM sharing JOIN members AS x ON x.account_id = a JOIN members AS y ON y.account_id = b
            WHERE card AND x.cluster_id <> y.cluster_id""",
    }
    out = []
    for name, statement in chosen.items():
        [(count, share)] = _rows(connection, _PAIRS.format(chosen=statement))
        out.append((name, f"{count:,}", "–" if share is None else f"{share:.3%}" if share < 0.001 else f"{share:.1%}"))
    return out


def _frauds(connection: duckdb.DuckDBPyConnection) -> list[tuple[str, str, str, str]]:
    member = "frauds JOIN members ON account_id = account JOIN clusters USING (cluster_id)"
    deciles = f"""
        SELECT 'clustered, by score of the cluster: part ' || part || ' of 5', count(*), sum(fraud), avg(fraud)
        FROM (SELECT fraud, ntile(5) OVER (ORDER BY score DESC, cluster_id) AS part FROM {member})
        GROUP BY part ORDER BY part"""
    statements = (
        "SELECT 'all', count(*), sum(fraud), avg(fraud) FROM frauds",
        """SELECT 'sharing a card or device with anyone', count(*), sum(fraud), avg(fraud)
        FROM frauds WHERE account IN (SELECT a FROM sharing UNION SELECT b FROM sharing)""",
        f"SELECT 'in a cluster', count(*), sum(fraud), avg(fraud) FROM {member}",
        f"""SELECT 'in a validated cluster', count(*), sum(fraud), avg(fraud)
        FROM {member} WHERE clusters.q_value <= .05""",
        """SELECT 'in no cluster', count(*), sum(fraud), avg(fraud)
        FROM frauds ANTI JOIN members ON account_id = account""",
        deciles,
    )
    rows = [row for statement in statements for row in _rows(connection, statement)]
    return [(name, f"{count:,}", f"{frauds}", f"{share:.2%}") for name, count, frauds, share in rows]


def _neighbours(connection: duckdb.DuckDBPyConnection) -> list[tuple[str, str, str]]:
    around = {
        "in its cluster": "SELECT a, b FROM comembers",
        "on its card": "SELECT a, b FROM sharing WHERE card",
        "on its device": "SELECT a, b FROM sharing WHERE device",
    }
    out = []
    for name, pairs in around.items():
        [(count, share)] = _rows(
            connection,
            f"""SELECT count(*), avg(theirs.fraud)
            FROM (SELECT a, b FROM ({pairs}) UNION ALL SELECT b, a FROM ({pairs})) AS both_ways
            JOIN frauds AS own ON own.account = a AND own.fraud = 1 JOIN frauds AS theirs ON theirs.account = b""",
        )
        out.append((name, f"{count:,}", "–" if share is None else f"{share:.1%}"))
    return out


_FIRST = ("accounts", "score", "abuse points", "q", "tier", "pairs with a transfer", "frauds", "reasons")


def _clusters(connection: duckdb.DuckDBPyConnection) -> list[tuple[str, ...]]:
    rows = _rows(
        connection,
        """SELECT size, score, abuse_score, q_value, tier,
            (SELECT count(transfers.a) / count(*) FROM comembers LEFT JOIN transfers USING (a, b)
                WHERE comembers.cluster_id = clusters.cluster_id),
            (SELECT sum(fraud) FROM members JOIN frauds ON account = account_id
                WHERE members.cluster_id = clusters.cluster_id),
            list_aggregate(json_transform(top_reasons, '["VARCHAR"]'), 'string_agg', '; ')
        FROM clusters ORDER BY tier, score DESC, size DESC LIMIT 12""",
    )
    return [
        (f"{size}", f"{score:.3f}", f"{abuse:.1f}", f"{q:.2g}", f"{tier}", f"{paid:.0%}", f"{frauds}", reasons)
        for size, score, abuse, q, tier, paid, frauds, reasons in rows
    ]
