"""What an analyst who knows the truth sees in each campaign: effects against ordinary accounts that are as busy."""

from __future__ import annotations

import duckdb
import numpy as np

from linkage.synthetic import Population

_SEEN = """
CREATE TABLE seen AS
SELECT e.*, t.group_id, t.malicious, t.group_kind,
       CASE WHEN template_hash IS NULL THEN NULL
            ELSE count(DISTINCT account_id) OVER (PARTITION BY template_hash) END AS spread
FROM read_parquet(?) e JOIN read_csv(?) t USING (account_id)
"""
_FEATURES = """
SELECT account_id, coalesce(any_value(group_id), '') AS group_id, any_value(malicious) AS malicious,
       any_value(group_kind) AS group_kind,
       count(*) AS events,
       avg((spread = 1)::INT) FILTER (event_type = 'request') AS private,
       count(DISTINCT ip_address) / count(DISTINCT event_time::DATE) AS rotation,
       avg((model LIKE '%-max-%')::INT) FILTER (event_type = 'request') AS strong,
       avg((capability IN ('software_engineering', 'agentic_reasoning', 'long_horizon', 'mathematics'))::INT)
           FILTER (event_type = 'request') AS coveted,
       count(DISTINCT event_time::DATE) / (1 + date_diff('day', min(event_time), max(event_time))) AS steady,
       coalesce(avg((model = $flagship)::INT)
           FILTER (event_time BETWEEN $release + INTERVAL 1 DAY AND $release + INTERVAL 6 DAY), 0) AS moved,
       any_value(created_at > TIMESTAMPTZ '2025-12-20 00:00:00Z')::INT AS young,
       any_value((NOT a.verified)::INT) AS unverified,
       any_value((a.status = 'banned')::INT) AS banned
FROM seen JOIN read_parquet($accounts) a USING (account_id)
GROUP BY account_id HAVING count(*) >= 8
"""
_TIES = """
WITH used AS (
    SELECT DISTINCT {kind} AS item, account_id, coalesce(group_id, '') AS g FROM seen WHERE {kind} IS NOT NULL
),
whose AS (
    SELECT item, g, count(*) AS inside, sum(count(*)) OVER (PARTITION BY item) AS everybody FROM used GROUP BY item, g
),
own AS (SELECT item, g FROM whose WHERE inside >= 2 AND inside >= 0.7 * everybody AND g <> '')
SELECT g, count(DISTINCT account_id) FROM used JOIN own USING (item, g) GROUP BY g
"""
#: Effect, in standard deviations of ordinary accounts that are as busy, from which a difference is a tell.
BAR = 0.8


def tells(population: Population) -> dict[str, dict[str, float]]:
    """The tells of each campaign by name, with their strength; campaigns are named kind and group."""
    with duckdb.connect() as connection:
        connection.execute(_SEEN, [str(population.events / "*.parquet"), str(population.truth)])
        flagship, release = connection.execute(
            "SELECT model, released_at::TIMESTAMP FROM read_csv(?) WHERE model LIKE '%-max-3'",
            [str(population.model_releases)],
        ).fetchall()[0]
        table = connection.execute(
            _FEATURES, {"flagship": flagship, "release": release, "accounts": str(population.accounts)}
        ).fetchnumpy()
        sizes = dict(
            connection.execute(
                "SELECT group_id, count(DISTINCT account_id) FROM seen WHERE malicious GROUP BY 1"
            ).fetchall()
        )
        tied = {
            kind: dict(connection.execute(_TIES.format(kind=kind)).fetchall())
            for kind in ("template_hash", "payment_instrument", "ip_address")
        }
        waves = dict(
            connection.execute(
                """WITH buckets AS (SELECT group_id, time_bucket(INTERVAL 10 MINUTES, event_time) AS b,
                                           count(DISTINCT account_id) AS n
                                    FROM seen WHERE malicious GROUP BY ALL)
                   SELECT group_id, sum(n * n) / sum(n) FROM buckets GROUP BY group_id"""
            ).fetchall()
        )
    names = ("private", "rotation", "strong", "coveted", "steady", "moved", "young", "unverified", "banned")
    features = {name: np.ma.filled(table[name].astype(float), 0.0) for name in names}
    busy = np.floor(np.log2(table["events"]))
    ordinary = np.asarray(table["group_kind"]) == "ordinary"
    found: dict[str, dict[str, float]] = {}
    for group, size in sizes.items():
        member = np.asarray(table["group_id"]) == group
        kind = str(np.asarray(table["group_kind"])[member][0])
        strengths: dict[str, float] = {}
        weight = np.zeros(len(busy))
        for level in np.unique(busy[member]):
            like = ordinary & (busy == level)
            weight[like] = (member & (busy == level)).sum() / max(1, like.sum())
        for name, values in features.items():
            mean = np.average(values, weights=weight)
            deviation = np.sqrt(np.average((values - mean) ** 2, weights=weight)) + 0.02
            effect = float((values[member].mean() - mean) / deviation)
            if abs(effect) >= BAR:
                strengths[name] = round(effect, 2)
        for name, ties in tied.items():
            if ties.get(group, 0) >= 0.5 * size:
                strengths[name] = round(ties[group] / size, 2)
        if waves[group] > 3 + 0.1 * size:
            strengths["in step"] = round(waves[group], 1)
        found[f"{kind} {group} ({size})"] = strengths
    return found
