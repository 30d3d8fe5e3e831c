"""A picture of a cluster: groups that are groups, nothing drawn beyond the limits, and every cut said."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from linkage.model.cluster_graph import Limits
from linkage.reading.cluster_graph import cluster_graph
from linkage.stores.embedded import EmbeddedGraph
from linkage.ui.graph import Picture, draw
from linkage.ui.graph_component import drawing
from linkage.ui.layout import place, radius
from tests.lib.graph_world import GraphWorld

CLUSTER = "c-aa"
Touches = dict[int, set[int]]


def _worth(number: int) -> float:
    return 1.0 + number % 5


def drawn(
    touches: Touches,
    discounted: frozenset[int] = frozenset(),
    limits: Limits | None = None,
    bits: Callable[[int], float] = _worth,
) -> Picture:
    """Picture of a cluster in which account → identifiers; what one account touches alone ties nobody."""
    world = GraphWorld(
        {(account, number): 1 for account, own in touches.items() for number in own},
        members=dict.fromkeys(touches, (CLUSTER, 0.9)),
    )
    rows = [
        {
            "identifier": number,
            "kind": "ip_address" if number % 2 else "payment_instrument",
            "members_on": len(accounts),
            "bits": bits(number),
            "role": "discounted" if number in discounted else "evidence",
        }
        for number, accounts in world.on.items()
    ]
    columns = ("identifier", "kind", "members_on", "bits", "role")
    evidence = pa.table({column: [row[column] for row in rows] for column in columns}) if rows else _EMPTY
    with tempfile.TemporaryDirectory() as folder:
        graph = EmbeddedGraph(world.snapshot(Path(folder)))
        return draw(cluster_graph(graph, CLUSTER, evidence, limits), {1: "someone"})


_EMPTY = pa.schema(
    [("identifier", pa.int64()), ("kind", pa.string()), ("members_on", pa.int64()), ("bits", pa.float64()),
     ("role", pa.string())]
).empty_table()  # fmt: skip


def large(accounts: int = 5_000, identifiers: int = 900, limits: Limits | None = None) -> Picture:
    random = np.random.default_rng(3)
    weight = 1.0 / np.arange(1, identifiers + 1)
    picks = random.choice(identifiers, (accounts, 3), p=weight / weight.sum())
    touches = {account: {10_000 + int(pick) for pick in own} for account, own in enumerate(picks)}
    return drawn(touches, frozenset({10_000}), limits)


def test_a_large_cluster_is_cut_and_the_cut_is_said() -> None:
    picture = large()
    assert len(picture.nodes) <= 300
    assert len(picture.edges) <= 1_000
    said = picture.cut()
    assert said.startswith(f"{len(picture.nodes)} of {5_000 + picture.identifiers:,} nodes drawn: ")
    assert f"{picture.drawn_accounts:,} of 5,000 accounts" in said
    assert said.endswith("The tables list the rest.")
    assert picture.drawn_accounts > 3_000


def test_edges_past_the_limit_are_counted() -> None:
    whole = large()
    cut = large(limits=Limits(edges=50))
    assert len(cut.edges) == 50
    assert cut.edges_left_out == len(whole.edges) + whole.edges_left_out - 50
    assert f"{cut.edges_left_out} weaker edges left out" in cut.cut()
    assert min(edge.accounts for edge in cut.edges) >= max(edge.accounts for edge in set(whole.edges) - set(cut.edges))


def test_groups_hold_several_accounts_even_where_no_two_use_the_same() -> None:
    """Every account shares two strong identifiers with some others, and has two more in a combination of its own."""
    touches = {at: {1_000 + at % 6, 1_010 + at % 5, 1_020 + at % 9, 1_030 + at // 9} for at in range(90)}
    picture = drawn(touches, bits=lambda number: 20.0 - (number - 1_000) // 10)
    groups = [node for node in picture.nodes if node.sort == "group"]
    assert sum(node.accounts for node in groups) == 90
    assert len(groups) <= 60


def test_no_identifier_that_is_drawn_stands_alone() -> None:
    picture = large()
    tied = {edge.target for edge in picture.edges}
    assert all(node.id in tied for node in picture.nodes if node.sort == "identifier")


def test_a_small_cluster_is_drawn_whole() -> None:
    picture = drawn({1: {100, 101}, 2: {100}, 3: {101}})
    assert picture.complete
    assert picture.cut() == "All is drawn: 3 accounts and 2 identifiers."
    assert {node.id: node.label for node in picture.nodes} == {
        "i100": "card #100", "i101": "address #101", "a1": "someone", "a2": "account #2", "a3": "account #3"
    }  # fmt: skip


def test_a_group_keeps_its_id_when_the_cluster_grows() -> None:
    touches = {account: {100 + account % 4, 200} for account in range(80)}
    before = {node.id for node in drawn(touches).nodes}
    grown = touches | {account: {100 + account % 4, 200} for account in range(80, 140)}
    assert before == {node.id for node in drawn(grown).nodes}


def test_discounted_identifiers_are_drawn_as_such_and_after_the_evidence() -> None:
    touches = {account: {100 + account % 3, 999} for account in range(90)}
    picture = drawn(touches, frozenset({999}))
    assert [node.identifier for node in picture.nodes if node.discounted] == [999]
    assert [node.sort for node in picture.nodes].index("group") == 4
    assert {"shape": "ellipse", "hue": "group", "label": "dashed: discounted", "dashed": True} in drawing(picture)[
        "legend"
    ]


def test_nothing_to_draw_is_drawn_as_nothing() -> None:
    picture = drawn({1: set(), 2: set()}, limits=Limits(alone=0))
    assert picture.nodes == ()
    assert place(picture) == {}
    assert drawing(picture)["edges"] == []


@pytest.fixture(scope="module")
def picture() -> Picture:
    return large()


def test_every_mark_has_a_place_of_its_own(picture: Picture) -> None:
    places = place(picture)
    assert set(places) == {node.id for node in picture.nodes}
    points = np.array([places[node.id] for node in picture.nodes])
    radii = np.array([radius(node, max(node.accounts for node in picture.nodes)) for node in picture.nodes])
    apart = np.hypot(*(points[:, None] - points[None]).transpose(2, 0, 1)) - radii[:, None] - radii[None]
    assert (apart[np.triu_indices(len(points), 1)] > 0).mean() > 0.995


def test_the_layout_is_the_same_in_every_process() -> None:
    code = (
        "from tests.unit.ui.test_graph import large; "
        "from linkage.ui.layout import place; import zlib; "
        "print(zlib.crc32(repr(sorted(place(large(800, 200)).items())).encode('ascii')))"
    )
    other = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONHASHSEED": "7"},
        check=True,
        capture_output=True,
        text=True,
    )
    here = repr(sorted(place(large(800, 200)).items())).encode("ascii")
    assert int(other.stdout) == zlib.crc32(here)


def test_what_is_handed_to_the_browser_is_plain_and_masked(picture: Picture) -> None:
    handed = drawing(picture)
    assert {type(value) for node in handed["nodes"] for value in node.values()} <= {str, int, float, bool}
    assert {
        node["label"].split(" ")[-1].lstrip("#").isdigit() for node in handed["nodes"] if node["id"].startswith("i")
    } == {True}
