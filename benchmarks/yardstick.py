"""``python -m benchmarks.yardstick FOLDER``: the plain aggregation of the same files that every run is compared with.

One GROUP BY account, identifier and day for each identifier kind that is on by default, with the figures that a
sighting carries, and nothing else: no validation, no deduplication, no storage. What it costs is what reading and
grouping cost anyway; a multiple of it is what linkage adds.
"""

from __future__ import annotations

import sys
from pathlib import Path

import duckdb

KINDS = ("ip_address", "payment_instrument", "prompt_template")
#: Column of the events that holds a kind, where the two differ.
_COLUMN = {"prompt_template": "template_hash"}


def sightings(folder: Path) -> dict[str, int]:
    """Number of groups by kind."""
    counts = {}
    with duckdb.connect() as connection:
        connection.execute("SET memory_limit = '2GB'")
        for kind in KINDS:
            column = _COLUMN.get(kind, kind)
            statement = f"""
                SELECT count(*), sum(events), sum(tokens), min(epoch_us(first_seen)), max(epoch_us(last_seen)) FROM (
                    SELECT
                        account_id, {column}, event_time::DATE AS day, count(*) AS events,
                        sum(input_tokens + output_tokens) AS tokens,
                        min(event_time) AS first_seen, max(event_time) AS last_seen
                    FROM read_parquet(?) WHERE {column} IS NOT NULL GROUP BY ALL
                )"""
            [row] = connection.execute(statement, [str(folder / "*.parquet")]).fetchall()
            counts[kind] = int(row[0])
    return counts


def main() -> int:
    """Print the number of groups by kind."""
    for kind, count in sightings(Path(sys.argv[1])).items():
        print(f"{kind} {count}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
