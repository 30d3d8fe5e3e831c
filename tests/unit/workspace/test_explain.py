"""Explanations: everything they say adds up to what the snapshot holds."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest

from linkage import Explanation, Workspace
from linkage.errors import UsageError
from linkage.reading.masking import masked
from tests.lib import small_world
from tests.lib.small_world import ADDRESSES, CARDS, HUB, LONERS, OFFICE, RING, TEMPLATE, World


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    return small_world.build(tmp_path_factory.mktemp("world") / "workspace")


def values(explanation: Explanation) -> set[str]:
    return {
        str(row["identifier"])
        for section in explanation.sections
        for row in section.rows
        if row.get("identifier") is not None
    }


def test_a_cluster_is_explained_by_every_table_of_the_snapshot(world: World) -> None:
    why = world.workspace.explain(cluster=RING)
    assert (why.refresh_id, why.subject, why.masked) == (world.refresh_id, {"cluster": RING}, True)
    assert (why.facts["rank"], why.facts["clusters"], why.facts["size"], why.facts["tier"]) == (1, 3, 12, 1)
    assert why.section("reasons").sentences[0] == "rotating cards (+4.0)"
    evidence = why.section("evidence").rows
    assert len(evidence) == 8
    assert all(0 < row["members_on"] <= row["size"] == 12 and row["members_on"] <= row["degree"] for row in evidence)
    assert next(row["kind"] for row in evidence) == "prompt_template"
    (hub,) = why.section("discounted").rows
    assert (hub["degree"], hub["members_on"], hub["note"]) == (17, 12, "shared by unrelated accounts")
    kinds = {row["kind"]: row["linkage_score_without"] for row in why.section("kinds").rows}
    assert kinds == dict.fromkeys(("ip_address", "payment_instrument", "prompt_template"), 4.25)
    terms = [*why.section("terms_for").rows, *why.section("terms_against").rows]
    assert math.fsum(row["points"] for row in terms) == why.facts["abuse_score"]
    assert all(row["points"] > 0 for row in why.section("terms_for").rows)
    assert [row["account_id"] for row in why.section("left_out").rows] == [LONERS[0]]
    assert why.section("lineage").rows[0]["event"] == "new"
    assert len(why.section("timeline").rows) == small_world.DAYS


def test_the_waterfall_of_an_account_sums_to_its_total(world: World) -> None:
    why = world.workspace.explain(account="ring-03")
    steps = why.section("waterfall").rows
    assert [step["step"] for step in steps] == ["prior"] + ["identifier"] * 5 + ["discount"]
    assert steps[-1]["running_total"] == why.facts["total_bits"] == math.fsum(step["bits"] for step in steps)
    assert why.facts["cluster_id"] == RING
    assert "In c-" in why.section("reasons").sentences[0]
    used = {row["identifier_id"]: row["degree"] for row in why.section("identifiers").rows}
    assert len(used) == 5
    assert used[small_world.IDENTIFIER_ID["ip_address", HUB]] == 17


def test_an_account_outside_is_told_why(world: World) -> None:
    considered = world.workspace.explain(account=LONERS[0])
    assert considered.facts["cluster_id"] is None
    assert considered.section("left_out").rows[0]["reason"] == "one tie, and work of its own"
    assert considered.section("waterfall").rows[-1]["step"] == "absence"
    assert "left out" in considered.section("reasons").sentences[0]
    alone = world.workspace.explain(account=LONERS[2])
    assert alone.section("waterfall").rows == ()
    assert alone.section("reasons").sentences == (
        "In no cluster: it shares 1 of its 2 identifiers with others (1 of them hubs), and that does not tie it to any "
        "group.",
    )


def test_what_ties_a_pair_sums_to_its_total(world: World) -> None:
    why = world.workspace.explain(pair=("ring-01", "ring-02"))
    shared = {row["identifier_id"] for row in why.section("shared").rows}
    ids = small_world.IDENTIFIER_ID
    assert shared == {ids["ip_address", ADDRESSES[1]], ids["ip_address", HUB], ids["prompt_template", TEMPLATE]}
    steps = why.section("waterfall").rows
    assert why.facts["total_bits"] == math.fsum(step["bits"] for step in steps)
    assert steps[-1]["running_total"] == pytest.approx(why.facts["total_bits"])
    assert why.facts["same_cluster"] is True
    other_way = world.workspace.explain(pair=("ring-02", "ring-01"))
    assert other_way.facts["total_bits"] == why.facts["total_bits"]
    strangers = world.workspace.explain(pair=("office-01", "ring-01"))
    assert (strangers.facts["total_bits"], strangers.facts["same_cluster"]) == (0.0, False)
    assert strangers.section("reasons").sentences == (
        "They share no identifier in the window; they are not in one cluster.",
    )


def test_values_that_point_at_people_are_masked_until_a_reason_is_given(tmp_path: Path) -> None:
    world = small_world.build(tmp_path / "w")
    workspace = Workspace(world.path, actor="ann")
    hidden = workspace.explain(cluster=RING)
    text = json.dumps(hidden.to_dict(), default=str)
    assert not any(value in text for value in (*ADDRESSES, *CARDS, HUB))
    assert TEMPLATE in values(hidden)
    before = len(workspace.audit())
    shown = workspace.explain(cluster=RING, reveal="ticket 4711")
    assert {*ADDRESSES, *CARDS} <= values(shown)
    assert not shown.masked
    (entry,) = workspace.audit()[before:]
    assert (entry.actor, entry.action, entry.subject, entry.detail) == (
        "ann",
        "reveal",
        RING,
        {"reason": "ticket 4711"},
    )
    with pytest.raises(UsageError):
        workspace.explain(cluster=RING, reveal="  ")
    ids = small_world.IDENTIFIER_ID
    wanted = [ids["payment_instrument", CARDS[0]], 999_999]
    assert workspace.reveal(wanted, "ticket 4711") == {wanted[0]: CARDS[0]}
    assert workspace.audit()[-1].detail == {"reason": "ticket 4711", "ids": wanted}
    assert not any(value in repr(workspace.audit()) for value in (*ADDRESSES, *CARDS))


@pytest.mark.parametrize(
    ("kind", "value", "shown"),
    [
        ("ip_address", "198.51.100.7", "198.51.100.•"),
        ("ip_address", "2001:db8:1:2::7", "2001:db8:1::•"),
        ("ip_address", "not an address", "•••"),
        ("payment_instrument", "tok_87314242", "•••4242"),
        ("payment_instrument", "4242", "•••"),
        ("email_hash", "ab12cd34ef56", "•••ef56"),
        ("prompt_template", "tpl", "tpl"),
        ("organization_id", "acme", "acme"),
    ],
)
def test_what_a_mask_leaves(kind: str, value: str, shown: str) -> None:
    assert masked(kind, value) == shown


def test_a_limit_says_what_it_left_out(world: World) -> None:
    cut = world.workspace.explain(cluster=RING, limit=3).section("timeline")
    assert (len(cut.rows), cut.total, cut.left_out) == (3, 20, 17)


def test_explain_takes_exactly_one_subject(world: World) -> None:
    for wrong in ({}, {"cluster": RING, "account": "ring-01"}, {"cluster": "c-none"}, {"account": "nobody"}):
        with pytest.raises(UsageError):
            world.workspace.explain(**wrong)


def test_a_subgraph_says_what_it_leaves_out(world: World) -> None:
    whole = world.workspace.subgraph(cluster=RING)
    assert whole.graph["left_out"] == {"accounts": 0, "identifiers": 0}
    assert whole.graph["total"] == {"accounts": 12, "identifiers": 9}
    assert whole.number_of_edges() == 12 * 5
    for limit in (2, 5, 10, 20):
        part = world.workspace.subgraph(cluster=RING, limit=limit)
        accounts = [node for node, data in part.nodes(data=True) if data["node_type"] == "account"]
        assert part.number_of_nodes() <= limit
        assert len(accounts) + part.graph["left_out"]["accounts"] == 12
        assert part.number_of_nodes() - len(accounts) + part.graph["left_out"]["identifiers"] == 9
        assert all(part.has_node(one) and part.has_node(other) for one, other in part.edges)
    labels = {data["label"] for _, data in whole.nodes(data=True)}
    assert not labels & {*ADDRESSES, *CARDS}


def test_a_subgraph_of_accounts(world: World) -> None:
    graph = world.workspace.subgraph(accounts=["ring-01", "ring-02", LONERS[0], "office-01"])
    accounts = {data["account_id"] for _, data in graph.nodes(data=True) if data["node_type"] == "account"}
    assert accounts == {"ring-01", "ring-02", LONERS[0], "office-01"}
    assert all(data["accounts_on"] > 1 for _, data in graph.nodes(data=True) if data["node_type"] == "identifier")
    office = small_world.ACCOUNT_ID["office-01"]
    assert graph.degree(f"a:{office}") == 0
    for wrong in (
        {},
        {"cluster": OFFICE, "accounts": ["ring-01"]},
        {"accounts": ["nobody"]},
        {"cluster": RING, "limit": 1},
    ):
        with pytest.raises(UsageError):
            world.workspace.subgraph(**wrong)
