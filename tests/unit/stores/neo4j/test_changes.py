"""What a publication has to send is told by comparing snapshots row for row, however alike the changes are."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from linkage.stores.neo4j.changes import _steps
from linkage.stores.neo4j.graph import CASES, LINKED, USED, Part


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
