from __future__ import annotations

import os
import subprocess
import sys
import zlib

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from linkage.ui.graph import Limits, Picture, draw
from linkage.ui.graph_component import drawing
from linkage.ui.layout import place, radius


def cluster(touches: dict[int, set[int]], discounted: frozenset[int] = frozenset()) -> tuple[pd.DataFrame, ...]:
    """Frames of a cluster in which account → identifiers."""
    links = pd.DataFrame(
        [(account, identifier) for account, own in touches.items() for identifier in sorted(own)],
        columns=["account", "identifier"],
    ).astype("int64")
    numbers = sorted({identifier for own in touches.values() for identifier in own})
    identifiers = pd.DataFrame(
        {
            "identifier": numbers,
            "kind": ["ip_address" if number % 2 else "payment_instrument" for number in numbers],
            "members_on": [int((links["identifier"] == number).sum()) for number in numbers],
            "bits": [1.0 + number % 5 for number in numbers],
            "role": ["discounted" if number in discounted else "evidence" for number in numbers],
        }
    )
    return identifiers, links, pd.DataFrame({"account": sorted(touches)})


def large(accounts: int = 5_000, identifiers: int = 900) -> tuple[pd.DataFrame, ...]:
    random = np.random.default_rng(3)
    weight = 1.0 / np.arange(1, identifiers + 1)
    picks = random.choice(identifiers, (accounts, 3), p=weight / weight.sum())
    return cluster(
        {account: {10_000 + int(pick) for pick in own} for account, own in enumerate(picks)}, frozenset({10_000})
    )


TOUCHES = st.dictionaries(st.integers(1, 400), st.sets(st.integers(1_000, 1_030), max_size=6), min_size=1, max_size=120)


@given(TOUCHES, st.integers(0, 80))
def test_marks_and_edges_are_what_a_count_by_hand_gives(touches: dict[int, set[int]], alone: int) -> None:
    picture = draw(*cluster(touches), limits=Limits(identifiers=12, groups=9, edges=40, alone=alone))
    drawn = {node.identifier: node.id for node in picture.nodes if node.sort == "identifier"}
    groups = {node.id: node.accounts for node in picture.nodes if node.sort != "identifier"}
    inside: dict[str, set[int]] = {name: set() for name in groups}
    for account, name in picture.node_of.items():
        inside[name].add(account)
    assert {name: len(accounts) for name, accounts in inside.items()} == groups
    assert picture.drawn_accounts == len(picture.node_of) <= picture.size == len(touches)
    for edge in picture.edges:
        identifier = next(number for number, name in drawn.items() if name == edge.target)
        assert edge.accounts == sum(identifier in touches[account] for account in inside[edge.source]) > 0
    assert len(drawn) <= 14
    assert len(picture.edges) <= 40
    assert len(groups) <= max(9, alone)


@given(TOUCHES)
def test_the_order_of_rows_changes_nothing(touches: dict[int, set[int]]) -> None:
    identifiers, links, accounts = cluster(touches)
    again = draw(identifiers[::-1], links[::-1], accounts)
    assert again == draw(identifiers, links, accounts)


def test_a_large_cluster_is_cut_and_the_cut_is_said() -> None:
    picture = draw(*large())
    assert len(picture.nodes) <= 300
    assert len(picture.edges) <= 1_000
    said = picture.cut()
    assert said.startswith(f"{len(picture.nodes)} of {5_000 + picture.identifiers:,} nodes drawn: ")
    assert f"{picture.drawn_accounts:,} of 5,000 accounts" in said
    assert said.endswith("The tables list the rest.")
    assert picture.drawn_accounts > 3_000


def test_edges_past_the_limit_are_counted() -> None:
    whole = draw(*large())
    cut = draw(*large(), limits=Limits(edges=50))
    assert len(cut.edges) == 50
    assert cut.edges_left_out == len(whole.edges) + whole.edges_left_out - 50
    assert f"{cut.edges_left_out} weaker edges left out" in cut.cut()
    assert min(edge.accounts for edge in cut.edges) >= max(edge.accounts for edge in set(whole.edges) - set(cut.edges))


def test_groups_hold_several_accounts_even_where_no_two_use_the_same() -> None:
    """Every account shares two strong identifiers with some others, and has two more in a combination of its own."""
    touches = {at: {1_000 + at % 6, 1_010 + at % 5, 1_020 + at % 9, 1_030 + at // 9} for at in range(90)}
    identifiers, links, accounts = cluster(touches)
    identifiers["bits"] = 20.0 - (identifiers["identifier"] - 1_000) // 10
    groups = [node for node in draw(identifiers, links, accounts).nodes if node.sort == "group"]
    assert sum(node.accounts for node in groups) == 90
    assert len(groups) <= 60


def test_no_identifier_that_is_drawn_stands_alone() -> None:
    picture = draw(*large())
    tied = {edge.target for edge in picture.edges}
    assert all(node.id in tied for node in picture.nodes if node.sort == "identifier")


def test_a_small_cluster_is_drawn_whole() -> None:
    picture = draw(*cluster({1: {100, 101}, 2: {100}, 3: {101}}))
    assert picture.complete
    assert picture.cut() == "All is drawn: 3 accounts and 2 identifiers."
    assert {node.id for node in picture.nodes} == {"i100", "i101", "a1", "a2", "a3"}


def test_a_group_keeps_its_id_when_the_cluster_grows() -> None:
    touches = {account: {100 + account % 4, 200} for account in range(80)}
    before = {node.id for node in draw(*cluster(touches)).nodes}
    grown = touches | {account: {100 + account % 4, 200} for account in range(80, 140)}
    assert before == {node.id for node in draw(*cluster(grown)).nodes}


def test_discounted_identifiers_are_drawn_as_such_and_after_the_evidence() -> None:
    touches = {account: {100 + account % 3, 999} for account in range(90)}
    picture = draw(*cluster(touches, frozenset({999})))
    assert [node.identifier for node in picture.nodes if node.discounted] == [999]
    assert [node.sort for node in picture.nodes].index("group") == 4
    assert {"shape": "ellipse", "hue": "group", "label": "dashed: discounted", "dashed": True} in drawing(picture)[
        "legend"
    ]


def test_nothing_to_draw_is_drawn_as_nothing() -> None:
    picture = draw(*cluster({1: set(), 2: set()}), limits=Limits(alone=0))
    assert picture.nodes == ()
    assert place(picture) == {}
    assert drawing(picture)["edges"] == []


@pytest.fixture(scope="module")
def picture() -> Picture:
    return draw(*large())


def test_every_mark_has_a_place_of_its_own(picture: Picture) -> None:
    places = place(picture)
    assert set(places) == {node.id for node in picture.nodes}
    points = np.array([places[node.id] for node in picture.nodes])
    radii = np.array([radius(node, max(node.accounts for node in picture.nodes)) for node in picture.nodes])
    apart = np.hypot(*(points[:, None] - points[None]).transpose(2, 0, 1)) - radii[:, None] - radii[None]
    assert (apart[np.triu_indices(len(points), 1)] > 0).mean() > 0.995


def test_the_layout_is_the_same_in_every_process() -> None:
    code = (
        "from tests.unit.ui.test_graph import large; from linkage.ui.graph import draw; "
        "from linkage.ui.layout import place; import zlib; "
        "print(zlib.crc32(repr(sorted(place(draw(*large(800, 200))).items())).encode('ascii')))"
    )
    other = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONHASHSEED": "7"},
        check=True,
        capture_output=True,
        text=True,
    )
    here = repr(sorted(place(draw(*large(800, 200))).items())).encode("ascii")
    assert int(other.stdout) == zlib.crc32(here)


def test_what_is_handed_to_the_browser_is_plain_and_masked(picture: Picture) -> None:
    handed = drawing(picture)
    assert {type(value) for node in handed["nodes"] for value in node.values()} <= {str, int, float, bool}
    assert {
        node["label"].split(" ")[-1].lstrip("#").isdigit() for node in handed["nodes"] if node["id"].startswith("i")
    } == {True}
