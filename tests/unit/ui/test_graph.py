"""A picture of a cluster: groups that are groups, nothing drawn beyond the limits, and every cut said."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import zlib
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from linkage.model.cluster_graph import Limits, Tie
from linkage.reading.cluster_graph import cluster_graph
from linkage.stores.embedded import EmbeddedGraph
from linkage.ui.graph import MOST_EDGES, MOST_NODES, Node, Picture, draw, hubs_grouped, opened
from linkage.ui.graph_component import drawing
from linkage.ui.graph_filters import passing
from linkage.ui.layout import beside, place, radius
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


def links_of(touches: Touches) -> pd.DataFrame:
    rows = [(account, number) for account, own in touches.items() for number in own]
    return pd.DataFrame(rows, columns=["account", "identifier"])


def test_a_group_that_is_opened_is_its_accounts_and_everything_else_stays_where_it_is() -> None:
    touches = {account: {100 + account % 4, 200} for account in range(1, 81)}
    names = {account: f"account-{account}" for account in touches}
    base = drawn(touches)
    group = next(node for node in base.nodes if node.sort == "group")
    inside = sorted(account for account, node in base.node_of.items() if node == group.id)
    picture = opened(base, [group.id, "g-none", "i200"], names, links_of(touches))
    assert [node.id for node in picture.nodes if node.of] == [f"a{account}" for account in inside]
    assert group.id not in {node.id for node in picture.nodes}
    assert picture.drawn_accounts == base.drawn_accounts == 80
    assert f"and {len(inside)} accounts out of them" in picture.cut()
    ends = {(edge.source, edge.target) for edge in picture.edges if edge.source == f"a{inside[0]}"}
    assert ends == {(f"a{inside[0]}", f"i{number}") for number in touches[inside[0]]}
    places = place(base)
    after = beside(picture, places)
    assert set(after) == {node.id for node in picture.nodes}
    assert all(after[node] == at for node, at in places.items() if node in after)
    assert len(set(after.values())) == len(after)
    assert {node["id"] for node in drawing(picture, after)["nodes"]} == set(after)


def test_what_a_group_has_no_room_for_stays_in_it() -> None:
    touches = {account: {100 + account // 400, 200} for account in range(800)}
    names = {account: str(account) for account in touches}
    base = drawn(touches)
    first, second = (node.id for node in base.nodes if node.sort == "group")
    picture = opened(base, [first, second], names, links_of(touches))
    assert len(picture.nodes) == MOST_NODES
    assert picture.drawn_accounts == 800
    assert len(picture.edges) <= MOST_EDGES
    left = {node.id: node for node in picture.nodes if node.sort == "group"}
    assert (left[first].accounts, left[first].label) == (400 - (MOST_NODES - 5), "105 accounts more")
    assert left[second].accounts == 400
    assert next(edge for edge in picture.edges if edge.source == first).accounts == left[first].accounts


def test_hubs_of_a_kind_are_one_mark_that_stands_for_all_who_touch_one() -> None:
    touches = {account: {100 + account % 3, 998 if account % 2 else 996, 997} for account in range(90)}
    base = drawn(touches, frozenset({996, 997, 998}))
    picture = hubs_grouped(base, links_of(touches))
    (cards,) = (node for node in picture.nodes if node.sort == "hubs")
    assert (cards.label, cards.accounts, set(cards.identifiers)) == ("2 discounted cards", 90, {996, 998})
    assert [node.identifier for node in picture.nodes if node.discounted and node.sort != "hubs"] == [997]
    assert (picture.drawn_identifiers, picture.drawn_accounts) == (base.drawn_identifiers, base.drawn_accounts)
    assert {edge.target for edge in picture.edges} <= {node.id for node in picture.nodes}
    assert hubs_grouped(drawn(touches, frozenset({997})), links_of(touches)) == drawn(touches, frozenset({997}))


def test_a_group_is_tied_to_hubs_that_are_one_mark_by_each_account_once_and_opened_too() -> None:
    """Of twelve accounts six are on one hub, four on another, and eight on one of them."""
    hubs = {996: 2, 998: 3}
    touches = {at: {200, *(hub for hub, nth in hubs.items() if at % nth == 0)} for at in range(1, 13)}
    names, links = {account: str(account) for account in touches}, links_of(touches)
    ons = {hub: sum(hub in own for own in touches.values()) for hub in (200, *hubs)}
    base = Picture(
        nodes=(
            *(Node(f"i{hub}", "identifier", "", on, "card", hub in hubs, hub) for hub, on in ons.items()),
            Node("g-all", "group", "12 accounts", 12),
        ),
        edges=tuple(Tie("g-all", f"i{hub}", on) for hub, on in ons.items()),
        size=12, identifiers=3, edges_left_out=0, node_of=dict.fromkeys(touches, "g-all"),
    )  # fmt: skip
    closed = hubs_grouped(base, links)
    assert {(tie.source, tie.target, tie.accounts) for tie in closed.edges} == {
        ("g-all", "i200", 12), ("g-all", "h-card", 8),
    }  # fmt: skip
    picture = hubs_grouped(opened(base, ["g-all"], names, links), links)
    assert {tie.source for tie in picture.edges if tie.target == "h-card"} == {
        f"a{account}" for account, own in touches.items() if own & set(hubs)
    }
    assert {tie.accounts for tie in picture.edges} == {1}
    assert picture.complete


@pytest.mark.parametrize(
    ("filters", "kept"),
    [
        (([], 1, None, None, None), {1, 2, 3}),
        ((["card"], 1, None, None, None), {1, 2}),
        (([], 10, None, None, None), {2, 3}),
        (([], 1, 10, None, None), {1, 2}),
        (([], 1, None, date(2026, 1, 5), None), {2, 3}),
        (([], 1, None, None, date(2026, 1, 4)), {1, 2}),
        ((["card"], 10, 10, date(2026, 1, 5), date(2026, 1, 4)), {2}),
    ],
)
def test_filters_pass_by_kind_accounts_and_time(filters: Any, kept: set[int]) -> None:
    days = [pd.Timestamp(2026, 1, day) for day in range(1, 10)]
    rows = pd.DataFrame(
        {
            "identifier": [1, 2, 3], "kind": ["card", "card", "ip"], "degree": [2, 10, 5_000],
            "first_seen": [days[0], days[2], days[4]], "last_seen": [days[3], days[5], days[8]],
        }
    )  # fmt: skip
    assert passing(rows, *filters) == kept
