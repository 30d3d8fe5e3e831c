"""What a publication has to send is told by comparing snapshots row for row, however alike the changes are."""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from linkage.stores.neo4j.cases import case_rows
from linkage.stores.neo4j.changes import Base, Changes, _steps, changes, graph
from linkage.stores.neo4j.graph import ACCOUNT, CASES, IDENTIFIER, LINKED, PARTS, USED, Part
from linkage.stores.snapshots import Snapshots
from tests.lib import neo4j
from tests.lib.neo4j import ENGINE, FIRST, SECOND


@contextlib.contextmanager
def compared(part: Part, columns: str, before: list[str], after: list[str]) -> Iterator[duckdb.DuckDBPyConnection]:
    with contextlib.closing(duckdb.connect()) as connection:
        for schema, rows in (("before", before), ("after", after)):
            connection.execute(f"CREATE SCHEMA {schema}")
            connection.execute(f"CREATE TABLE {schema}.{part.name} ({columns})")
            if rows:
                connection.execute(f"INSERT INTO {schema}.{part.name} VALUES {', '.join(rows)}")
        yield connection


def steps(part: Part, columns: str, before: list[str], after: list[str]) -> dict[str, list[tuple[object, ...]]]:
    with compared(part, columns, before, after) as connection:
        return {
            step.verb: connection.sql(f"SELECT * FROM {step.table} ORDER BY ALL").fetchall()
            for step in _steps(connection, part)
        }


@pytest.mark.parametrize(
    ("part", "columns", "before", "after"),
    [
        (
            USED,
            "account BIGINT, identifier BIGINT, count BIGINT, wide BOOLEAN",
            ["(7, 1, 5, false)", "(7, 2, 5, false)"],
            ["(7, 1, 5, true)", "(7, 2, 5, true)"],
        ),
        (
            LINKED,
            "account_a BIGINT, account_b BIGINT, weight_bits DOUBLE, kinds VARCHAR[]",
            ["(7, 8, 1.0, ['a'])", "(7, 9, 1.0, ['b'])"],
            ["(7, 8, 1.0, ['b'])", "(7, 9, 1.0, ['a'])"],
        ),
    ],
)
def test_two_rows_of_one_account_that_change_alike_are_both_sent(
    part: Part, columns: str, before: list[str], after: list[str]
) -> None:
    assert len(steps(part, columns, before, after)["change"]) == 2


def test_no_list_and_an_empty_list_are_two_things() -> None:
    found = steps(CASES, "case_id VARCHAR, reasons VARCHAR[]", ["('c', NULL)"], ["('c', [])"])
    assert found["write"] == [("c", [])]


uses = st.dictionaries(
    st.tuples(st.integers(0, 3), st.integers(0, 3)), st.tuples(st.integers(0, 2), st.booleans()), max_size=10
)


@given(uses, uses)
def test_the_steps_are_the_difference(
    before: dict[tuple[int, int], tuple[int, bool]], after: dict[tuple[int, int], tuple[int, bool]]
) -> None:
    def rows(found: dict[tuple[int, int], tuple[int, bool]]) -> list[str]:
        return [f"({account}, {identifier}, {count}, {wide})" for (account, identifier), (count, wide) in found.items()]

    found = steps(USED, "account BIGINT, identifier BIGINT, count BIGINT, wide BOOLEAN", rows(before), rows(after))
    assert {row[:2] for row in found.get("write", [])} == after.keys() - before.keys()
    assert set(found.get("close", [])) == before.keys() - after.keys()
    both = before.keys() & after.keys()
    assert {row[:2] for row in found.get("change", [])} == {key for key in both if before[key] != after[key]}


def test_a_figure_that_comes_or_goes_is_a_change() -> None:
    columns = "account BIGINT, identifier BIGINT, count BIGINT"
    found = steps(
        USED, columns, ["(1, 1, NULL)", "(1, 2, 5)", "(1, 3, NULL)"], ["(1, 1, 5)", "(1, 2, NULL)", "(1, 3, NULL)"]
    )
    assert found == {"change": [(1, 1, 5), (1, 2, None)]}


def test_nodes_that_are_new_or_say_something_new_are_written_alike() -> None:
    before, after = ["(1, 5)", "(2, 5)", "(3, 5)"], ["(2, 5)", "(3, 6)", "(4, 5)"]
    assert steps(ACCOUNT, "account BIGINT, events BIGINT", before, after) == {
        "write": [(3, 6), (4, 5)],
        "close": [(1,)],
    }


def test_of_two_snapshots_each_part_is_compared_with_its_own(tmp_path: Path) -> None:
    snapshots = Snapshots(neo4j.three_refreshes(tmp_path / "world"))
    first, second = snapshots.get(FIRST), snapshots.get(SECOND)

    def rows(found: Changes, part: Part) -> dict[tuple[Any, ...], str]:
        return {row[: len(part.keys)]: repr(row) for row in found.export(part).fetchall()}

    parts = [part for part in PARTS if not part.live and not part.history]
    with graph(first, case_rows(()), ENGINE) as found:
        earlier = {part.name: rows(found, part) for part in parts}
    base = Base(first, lambda _part, schema: schema.empty_table())
    with changes(second, case_rows(()), base, ENGINE, lambda _stage: None) as found:
        sent = {step.statement: next(found.batches(step, 0, 1_000)) for step in found.steps}
        for part in parts:
            was, now = earlier[part.name], rows(found, part)
            said = [*sent.get(f"write/{part.name}", []), *sent.get(f"change/{part.name}", [])]
            told = {tuple(row[: len(part.keys)]) for row in said}
            assert told == {key for key in now if was.get(key) != now[key]}, part.name
            assert set(map(tuple, sent.get(f"close/{part.name}", []))) == was.keys() - now.keys(), part.name
    assert {"write/account", "change/used", "close/used", "close/account"} <= sent.keys()


def test_identifiers_on_one_account_are_there_and_nothing_is_learned_of_them(tmp_path: Path) -> None:
    snapshot = Snapshots(neo4j.three_refreshes(tmp_path / "world")).get(FIRST)
    sightings = snapshot.table("sightings")
    kinds = dict(zip(sightings["identifier"].to_pylist(), sightings["kind"].to_pylist(), strict=True))
    accounts = Counter(sightings["identifier"].to_pylist())
    with graph(snapshot, case_rows(()), ENGINE) as found:
        rows = {row[0]: row[1:] for row in found.export(IDENTIFIER).fetchall()}
    assert {identifier: row[:2] for identifier, row in rows.items()} == {
        identifier: (kinds[identifier], degree) for identifier, degree in accounts.items()
    }
    alone = {rows[identifier][2:] for identifier, degree in accounts.items() if degree == 1}
    assert alone == {(None, None, False, None)}
