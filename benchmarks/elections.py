"""The elections set: are accounts that linkage puts together those that post the same link within a minute?

The sample of the German elections of 2021 in the CooRTweet package (MIT): posts of ordinary people, outlets and
parties, without labels. linkage reads which links, domains, hashtags and pictures an account posted. It does not read
how close in time two accounts did, which is what studies of coordinated sharing go by (Giglietto et al. 2020, doi
10.1080/1369118X.2020.1739732); so that can contradict it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb

from benchmarks import results
from benchmarks.real_data import facts, trial

#: What the set offers. A link decides its domain, and posts with a link mostly carry the same hashtags: one fact each.
EVERY_KIND = ("url_id", "hashtag_id", "domain_id", "phash_id")
INDEPENDENT_KINDS = ("url_id", "phash_id")
#: Two posts of a link within this many seconds are close.
_CLOSE = 60


def page(data: Path, folder: Path) -> str:
    """Run the trial with all kinds and with those that do not depend on each other; tables in Markdown."""
    stamp = results.stamp()
    taken = f"{stamp['date']}, linkage {stamp['version']} at `{stamp['commit']}`, {stamp['cores']} cores"
    parts = ["# German elections", taken]
    for title, kinds in (
        ("links and pictures", INDEPENDENT_KINDS),
        ("links, their domains, hashtags and pictures", EVERY_KIND),
    ):
        parts.append(f"# Kinds: {title}")
        parts.append(section(data, folder / str(len(kinds)), kinds))
    return "\n\n".join(parts)


def section(data: Path, folder: Path, kinds: tuple[str, ...]) -> str:
    """Tables of the trial with these identifier kinds."""
    settings = "\n".join(f'[[identifiers]]\nkind = "{kind}"\n' for kind in kinds)
    done = trial(data, "german_elections.csv.gz", "german_elections.toml", settings, folder)
    with done.connect() as connection:
        _load(connection, data)
        parts = [
            results.table(("", "figure"), [(row["row"], row["figure"]) for row in facts("elections", done)]),
            "## Pairs that posted a link in common, and how many of them did so within a minute",
            results.table(_HEAD, _pairs(connection)),
            "## Flagged, and for a person",
            results.table(_CLUSTER_HEAD, _clusters(connection, "tier <= 2", "tier, score DESC")),
            "## Largest clusters",
            results.table(_CLUSTER_HEAD, _clusters(connection, "size >= 20", "size DESC")),
            "## First clusters by score",
            results.table(_CLUSTER_HEAD, _clusters(connection, "tier >= 1", "score DESC, size DESC")),
        ]
    return "\n\n".join(parts)


def _load(connection: duckdb.DuckDBPyConnection, data: Path) -> None:
    """Table ``together``: pairs a < b with a link in common: ``links``, and ``close`` ones."""
    connection.execute(
        """CREATE TABLE posts AS SELECT DISTINCT account_id AS account, url_id, timestamp::DOUBLE AS at
        FROM read_csv(?, all_varchar = true) WHERE url_id IS NOT NULL""",
        [str(data / "german_elections.csv.gz")],
    )
    connection.execute(
        """CREATE TABLE together AS
        SELECT x.account AS a, y.account AS b, count(DISTINCT url_id) AS links,
            count(DISTINCT url_id) FILTER (abs(x.at - y.at) <= ?) AS close
        FROM posts AS x JOIN posts AS y USING (url_id) WHERE x.account < y.account GROUP BY ALL""",
        [_CLOSE],
    )


_HEAD = ("pairs", "number", "once or more", "for two links or more")


def _pairs(connection: duckdb.DuckDBPyConnection) -> list[tuple[str, ...]]:
    linked = "together JOIN comembers USING (a, b) JOIN clusters USING (cluster_id)"
    chosen = {
        "any two with a link in common": "together",
        "of one cluster": linked,
        "of one cluster, not validated": f"{linked} WHERE q_value > .05",
        "of one cluster, validated": f"{linked} WHERE q_value <= .05",
        "of one cluster of up to 24": f"{linked} WHERE size < 25",
        "of one cluster of 25 to 99": f"{linked} WHERE size BETWEEN 25 AND 99",
        "of one cluster of 100 and more": f"{linked} WHERE size >= 100",
        "close for two links or more, any": "together WHERE close >= 2",
        "close for two links or more, in one cluster": f"{linked} WHERE close >= 2",
    }
    out: list[tuple[str, ...]] = []
    for name, source in chosen.items():
        [(count, once, twice)] = connection.execute(
            f"SELECT count(*), avg((close >= 1)::INTEGER), avg((close >= 2)::INTEGER) FROM {source}"
        ).fetchall()
        out.append((name, f"{count:,}", _percent(once), _percent(twice)))
    return out


def _percent(share: float | None) -> str:
    return "–" if share is None else f"{share:.1%}"


_CLUSTER_HEAD = ("accounts", "events", "score", "abuse points", "q", "tier", "close pairs", "links a pair", "reasons")


def _clusters(connection: duckdb.DuckDBPyConnection, condition: str, order: str) -> list[tuple[str, ...]]:
    """Clusters with the share of their pairs with a link in common that posted one within a minute."""
    rows: list[tuple[Any, ...]] = connection.execute(
        f"""WITH pairs AS (
            SELECT cluster_id, avg((close >= 1)::INTEGER) AS close, avg(links) AS links
            FROM comembers JOIN together USING (a, b) GROUP BY cluster_id
        )
        SELECT size, events, score, abuse_score, q_value, tier, pairs.close, pairs.links,
            list_aggregate(json_transform(top_reasons, '["VARCHAR"]'), 'string_agg', '; ')
        FROM clusters LEFT JOIN pairs USING (cluster_id) WHERE {condition} ORDER BY {order} LIMIT 20"""
    ).fetchall()
    return [
        (
            *(f"{size:,}", f"{events:,}", f"{score:.3f}", f"{abuse:.1f}", f"{q:.2g}", f"{tier}"),
            *(_percent(close), "–" if links is None else f"{links:.1f}", reasons),
        )
        for size, events, score, abuse, q, tier, close, links, reasons in rows
    ]
