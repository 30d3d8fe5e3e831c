"""The operator of an address is the one that the input tells, whichever source does; where none does, nobody's."""

from __future__ import annotations

from pathlib import Path

from linkage import Workspace, engine
from linkage import window as windows
from linkage.evidence import load as evidence
from linkage.model.tables import DEFAULT_KINDS
from linkage.stores.lake import Lake

#: Two accounts on each address; of the second one only one row tells the operator.
ROWS = (
    ("ann", "198.51.100.1", "64500"),
    ("bob", "198.51.100.1", "64500"),
    ("ann", "198.51.100.9", ""),
    ("bob", "198.51.100.9", "64501"),
    ("ann", "2001:db8::1", "64500"),
    ("bob", "2001:db8::1", ""),
    ("ann", "203.0.113.5", ""),
    ("bob", "203.0.113.5", ""),
)


def operators(tmp_path: Path, rows: tuple[tuple[str, str, str], ...]) -> list[int]:
    """Operators of the addresses that are shared, by their smallest account and address."""
    workspace = Workspace(tmp_path / "w")
    lines = [f"2026-01-{day:02}T00:00:00Z,{','.join(row)},tok_a" for day, row in enumerate(rows, start=1)]
    file = tmp_path / "events.csv"
    file.write_text(
        "\n".join(["event_time,account_id,ip_address,asn,payment_instrument", *lines, ""]), encoding="utf-8"
    )
    workspace.ingest(file)
    view = Lake(workspace.path / "lake").view()
    with engine.connect() as connection:
        windows.relations(connection, view, windows.window(view, "all", None), DEFAULT_KINDS)
        population = evidence.load(connection, DEFAULT_KINDS, held=())
    graph = population.incidence
    addresses = graph.kind == graph.kinds.index("ip_address")
    assert (graph.operator[~addresses] == -1).all()
    found: list[int] = graph.operator[addresses].tolist()
    return found


def test_operators_are_numbered_and_unknown_ones_are_nobodys(tmp_path: Path) -> None:
    assert sorted(operators(tmp_path, ROWS)) == [-1, 0, 0, 1]


def test_where_no_operator_is_told_there_is_none(tmp_path: Path) -> None:
    assert operators(tmp_path, tuple((account, address, "") for account, address, _ in ROWS)) == [-1] * 4
