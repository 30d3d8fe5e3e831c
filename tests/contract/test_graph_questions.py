"""What a workspace and its commands answer about the graph: named, masked, and the same over every store."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import streamlit as st
from streamlit.navigation.page import calc_hash

from linkage import Workspace
from linkage.cli import main
from linkage.errors import StoreUnavailable, UsageError
from linkage.stores.graph import GraphReader
from linkage.ui import serve
from tests.lib import screen_world, small_world
from tests.lib.small_world import (
    ACCOUNT_ID,
    ADDRESSES,
    CARDS,
    HOSTILE,
    HUB,
    IDENTIFIER_ID,
    LONERS,
    RING,
    RING_ACCOUNTS,
    TEMPLATE,
    World,
    write_identities,
)

HUB_ID = IDENTIFIER_ID["ip_address", HUB]
CARD_ID = IDENTIFIER_ID["payment_instrument", CARDS[0]]


SERVED = '[store]\nreader = "neo4j"\n'


@pytest.fixture(scope="module", params=["embedded", "neo4j"])
def world(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """The same workspace; only its settings say what answers."""
    own = small_world.build(tmp_path_factory.mktemp("world") / "workspace")
    if request.param == "embedded":
        yield own
        return
    with serving(request, own):
        yield own


@contextlib.contextmanager
def serving(request: pytest.FixtureRequest, own: World) -> Iterator[None]:
    """The server holds the graph of the workspace, and the settings say that it answers."""
    from tests.lib import neo4j

    access = request.getfixturevalue("neo4j_access")
    neo4j.empty(access)
    (own.path / "linkage.toml").write_text(SERVED, encoding="utf-8")
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("NEO4J_URI", access.uri)
        environment.setenv("NEO4J_PASSWORD", access.password)
        own.workspace.store.publish()
        yield
    neo4j.empty(access)


def test_a_neighbourhood_is_named_and_masked(world: World) -> None:
    found = world.workspace.neighbourhood(account="ring-01", depth=1)
    assert found.refresh_id == world.refresh_id
    assert {found.labels[one.node] for one in found.identifiers} == {
        "•••0001", "198.51.100.•", "100.64.0.•", TEMPLATE
    }  # fmt: skip
    assert [found.labels[one.node] for one in found.accounts] == ["ring-01"]
    around = world.workspace.neighbourhood(identifier=HUB_ID, depth=1, each=3)
    assert [found.labels.get(one.node) or around.labels[one.node] for one in around.accounts] == [*RING_ACCOUNTS[:3]]
    assert [str(cut) for cut in around.cuts] == [f"3 of the 17 accounts of i:{HUB_ID} are shown"]


def test_a_hub_is_listed_page_by_page(world: World) -> None:
    first = world.workspace.accounts_on(HUB_ID, limit=10)
    rest = world.workspace.accounts_on(HUB_ID, limit=10, after=first.next_after)
    assert [page.labels[one.node] for page in (first, rest) for one in page.accounts] == [*RING_ACCOUNTS, *LONERS]
    assert (first.total, rest.next_after) == (17, None)


def test_what_two_accounts_share_is_what_explains_the_pair(world: World) -> None:
    found = world.workspace.common("ring-01", "ring-02")
    explained = world.workspace.explain(pair=("ring-01", "ring-02")).section("shared")
    assert [found.labels[identifier.node] for identifier, _, _ in found.shared] == [
        row["identifier"] for row in explained.rows
    ]
    assert [first.events for _, first, _ in found.shared] == [row["events_a"] for row in explained.rows]
    assert found.total == explained.total
    assert world.workspace.common("ring-01", "ring-02", limit=1).total == found.total


def test_paths_name_who_shares_what_with_whom(world: World) -> None:
    found = world.workspace.paths(LONERS[0], "ring-03", degree_limit=13)
    assert str(found) == (
        f"{len(found.paths)} of the {found.total} shortest chains over 2 identifiers; "
        "identifiers not followed: 1 with more than 13 accounts."
    )
    for row in found.rows():
        assert row["identifier"] in {"198.51.100.•", "203.0.113.•", "2001:db8::•", "•••0003", "•••0001", TEMPLATE}
    steps = list(found.rows())
    assert (steps[0]["account_id"], steps[1]["next_account_id"]) == (LONERS[0], "ring-03")
    assert steps[0]["next_account_id"] == steps[1]["account_id"]
    assert world.workspace.paths(LONERS[0], LONERS[1]).paths[0].identifiers[0].identifier == HUB_ID
    assert world.workspace.paths(LONERS[0], "office-01").paths == ()


def test_a_search_finds_names_and_never_a_part_of_a_hidden_value(world: World) -> None:
    def found(text: str) -> list[tuple[str, str]]:
        hits = world.workspace.search(text)
        assert hits.total >= len(hits.hits)
        return [(hit.match, hits.labels.get(hit.node, hit.node)) for hit in hits.hits]

    assert found("ring-0") == [("prefix", name) for name in RING_ACCOUNTS[:9]]
    assert found("ng-0")[0] == ("contains", "ring-01")
    assert found("ring-01") == [("exact", "ring-01")]
    assert found(RING) == [("exact", RING)]
    assert found("a1a1") == [("contains", RING)]
    assert found("tpl_ring") == [("prefix", TEMPLATE)]
    assert found(HOSTILE[0][:4]) == [("prefix", HOSTILE[0])]
    assert found(ADDRESSES[0]) == [("exact", "198.51.100.•")]
    assert found("::ffff:198.51.100.10") == [("exact", "198.51.100.•")]
    assert found(ADDRESSES[0][:-1]) == []
    assert found(CARDS[0]) == [("exact", "•••0001")]
    assert found("fp_ring") == []
    cut = world.workspace.search("ring-", limit=2)
    assert (len(cut.hits), cut.total) == (2, 12)
    for wrong in (("ab", 20), ("  ab ", 20), ("abc", 0)):
        with pytest.raises(UsageError):
            world.workspace.search(wrong[0], limit=wrong[1])


def test_a_purged_account_is_a_number_from_then_on(tmp_path: Path) -> None:
    own = small_world.build(tmp_path / "workspace")
    assert own.workspace.search("ring-01").total == 1
    write_identities(tmp_path / "workspace" / "lake", without=("ring-01",))
    assert own.workspace.search("ring-01").total == 0
    purged = f"purged:{ACCOUNT_ID['ring-01']}"
    found = own.workspace.neighbourhood(account=purged, depth=1)
    assert found.labels[found.start] == purged
    with pytest.raises(UsageError):
        own.workspace.paths("ring-01", "ring-02")


def test_a_cluster_is_drawn_from_its_evidence(world: World) -> None:
    drawn = world.workspace.cluster_graph(RING)
    assert drawn.size == 12
    assert {mark.number for mark in drawn.marks if mark.discounted} == {HUB_ID}
    assert CARD_ID in {mark.number for mark in drawn.marks}
    with pytest.raises(UsageError):
        world.workspace.cluster_graph("c-none")


def test_the_command_lists_a_row_for_each_step(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    asked = ["paths", LONERS[0], "ring-03", "--degree-limit", "13", "--top", "1", "--format", "json"]
    assert main(["--workspace", str(world.path), *asked]) == 0
    captured = capsys.readouterr()
    rows = json.loads(captured.out)
    assert [(row["path"], row["step"]) for row in rows] == [(1, 1), (1, 2)]
    assert captured.err.startswith("linkage: 1 of the ")


def test_a_refresh_that_is_named_is_the_one_that_answers(tmp_path: Path) -> None:
    own = small_world.build(tmp_path / "workspace")
    small_world.publish(own.path, "r-000000000002", own.tables, own.refresh_id)
    workspace = Workspace(own.path)
    assert workspace.search("ring-01").refresh_id == "r-000000000002"
    assert workspace.search("ring-01", refresh=own.refresh_id).refresh_id == own.refresh_id


def test_a_server_answers_for_the_refresh_that_it_serves_only(request: pytest.FixtureRequest, tmp_path: Path) -> None:
    own = small_world.build(tmp_path / "workspace")
    with serving(request, own):
        small_world.publish(own.path, "r-000000000002", own.tables, own.refresh_id)
        workspace = Workspace(own.path)
        assert workspace.search("ring-01").refresh_id == own.refresh_id
        with pytest.raises(StoreUnavailable) as refused:
            workspace.search("ring-01", refresh="r-000000000002")
        assert own.refresh_id in refused.value.message
        workspace.store.publish()
        assert workspace.search("ring-01").refresh_id == "r-000000000002"


def test_a_question_that_began_before_the_pointer_moved_is_refused_after(
    request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    own = small_world.build(tmp_path / "workspace")
    with serving(request, own):

        def question(graph: GraphReader, _names: object) -> None:
            assert len(graph.members(RING)) == 12
            small_world.publish(own.path, "r-000000000002", own.tables, own.refresh_id)
            own.workspace.store.publish()
            assert len(graph.members(RING)) == 12

        with pytest.raises(StoreUnavailable, match="r-000000000002"):
            own.workspace._home.asked(None, question)


def test_without_a_server_a_question_ends_with_13(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own = small_world.build(tmp_path / "workspace")
    (own.path / "linkage.toml").write_text(SERVED, encoding="utf-8")
    monkeypatch.setenv("NEO4J_URI", "bolt://127.0.0.1:1")
    monkeypatch.setenv("NEO4J_PASSWORD", "any")
    assert main(["--workspace", str(own.path), "paths", "ring-01", "ring-02"]) == 13


def test_the_screen_draws_the_same_from_either_store(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "workspace"
    screen_world.publish(path, "r-0001", screen_world.USUAL)
    monkeypatch.setenv("LINKAGE_WORKSPACE", str(path))
    top = screen_world.USUAL[0].cluster_id

    def page() -> list[str]:
        from streamlit.testing.v1 import AppTest

        test = AppTest.from_file(str(serve.script()), default_timeout=60)
        test.query_params["cluster"], test.query_params["tab"] = top, "evidence"
        test._page_hash = calc_hash("cluster")
        shown = test.run()
        assert not shown.exception
        return [str(element.value) for element in (*shown.markdown, *shown.caption, *shown.error)]

    embedded, drawn = page(), Workspace(path).cluster_graph(top)
    assert any("nodes drawn" in said for said in embedded)
    with serving(request, World(path, Workspace(path), "r-0001", {})):
        st.cache_resource.clear()
        assert Workspace(path).cluster_graph(top) == drawn
        assert page() == embedded
