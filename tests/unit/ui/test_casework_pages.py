"""Cases, search and records on the screen, for each role; the script is run as Streamlit runs it, without a browser."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pytest
from streamlit.testing.v1 import AppTest

from linkage import Workspace
from linkage.model.access import Role
from linkage.model.alert import Alert, AlertKind
from linkage.model.case import Status
from linkage.model.tables import FOLLOWED
from linkage.model.ticks import TickDone, tick_of
from linkage.stores.outbox import Outbox
from linkage.ui.main import PAGES
from linkage.workspace import casebook
from linkage.workspace.home import Home
from tests.lib import small_world
from tests.lib.small_world import (
    ACCOUNT_ID,
    ADDRESSES,
    CARDS,
    HOSTILE,
    IDENTIFIER_ID,
    OFFICE,
    OFFICE_ACCOUNTS,
    RING,
    RING_ACCOUNTS,
    START,
    World,
)
from tests.unit.ui.test_pages import said, show

NAMES = [name for entries in PAGES.values() for name in entries]


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    made = small_world.build(tmp_path / "w")
    monkeypatch.setenv("LINKAGE_WORKSPACE", str(made.path))
    return made


def act_as(world: World, role: Role) -> None:
    me = Workspace(world.path).actor
    (world.path / "linkage.toml").write_text(f'[access.roles]\n"{me}" = "{role}"\nann = "admin"\n', encoding="utf-8")


def book(world: World, person: str = "ann") -> casebook.Casebook:
    return Workspace(world.path, actor=person).case


def press(test: AppTest, label: str) -> AppTest:
    (button,) = [button for button in test.button if button.label == label]
    return button.click().run()


def choose(test: AppTest, label: str, value: object) -> AppTest:
    (pills,) = [group for group in test.button_group if group.label == label]
    return pills.set_value(value).run()


def second_refresh(world: World) -> None:
    """RING stays, OFFICE grows into another cluster, the rest is gone."""
    tables = dict(world.tables)
    rows = tables["clusters"].to_pylist()
    ring, office = rows[0], next(row for row in rows if row["cluster_id"] == OFFICE)
    tables["clusters"] = pa.Table.from_pylist(
        [{**ring, "size": 20, "lineage": "grew"}, {**office, "cluster_id": "c-both", "lineage": "merged"}],
        schema=tables["clusters"].schema,
    )
    parent = {"parent_refresh_id": world.refresh_id, "overlap": 0.8}
    tables["lineage"] = pa.Table.from_pylist(
        [
            {"cluster_id": RING, "event": "grew", "parent_cluster_id": RING, **parent},
            {"cluster_id": "c-both", "event": "merged", "parent_cluster_id": OFFICE, **parent},
        ],
        schema=tables["lineage"].schema,
    )
    small_world.publish(world.path, "r-000000000002", tables, parent=world.refresh_id)
    casebook.follow(Home(world.path, "cron"))


# --- every page, every role -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("role", list(Role))
def test_every_page_is_there_for_every_role_and_offers_what_it_may(world: World, role: Role) -> None:
    waiting = book(world).propose(OFFICE, "benign", ["company"]).case_id
    act_as(world, role)
    investigates, approves = role is not Role.VIEWER, role in (Role.APPROVER, Role.ADMIN)
    for name in NAMES:
        query = {"cluster": RING, "tab": "case"} if name == "cluster" else {}
        test = show("" if name == "queue" else name, **query)
        assert not test.exception, name
        assert not test.error, name
        assert f"acts as {Workspace(world.path).actor}, {role}" in said(test)
    cluster = show("cluster", cluster=RING, tab="case")
    assert bool([group for group in cluster.button_group if group.label == "Verdict"]) == investigates
    assert ("To work on cases takes the role investigator" in said(cluster)) == (not investigates)
    labels = {button.label for button in show("cases", case=waiting).button}
    assert ({"Approve", "Return"} <= labels) == approves
    assert ("Add" in labels) == investigates
    assert ("Add the entry" in {button.label for button in show("allow-list").button}) == approves
    lookup = show("lookup", id=str(IDENTIFIER_ID["payment_instrument", CARDS[0]]))
    assert ("Reveal" in {button.label for button in lookup.button}) == investigates


def test_a_page_without_a_workspace_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LINKAGE_WORKSPACE", str(tmp_path / "none"))
    for name in NAMES:
        test = show("" if name == "queue" else name)
        assert not test.exception, name
        assert name == "settings" or "Next:" in said(test).replace("*", ""), name
    assert not (tmp_path / "none").exists()


# --- from a cluster to a verdict --------------------------------------------------------------------------------------


def test_a_verdict_is_proposed_with_reasons_note_and_exclusions(world: World) -> None:
    test = show("cluster", cluster=RING, tab="case")
    assert "No case yet." in said(test)
    test = choose(choose(test, "Verdict", "confirmed"), "Reasons", ["shared_payment", "canary"])
    note, excluded = test.text_area
    note.set_value("seen twice")
    test = excluded.set_value(f"{RING_ACCOUNTS[-1]}\n\n").run()
    assert "About **11 of 12 members**" in said(test)
    test = press(test, "Propose")
    assert test.success[0].value == "Proposed: confirmed. It waits for another person."
    (case,) = book(world).list()
    assert case.proposal is not None
    assert (case.proposal.reasons, case.proposal.note) == (("shared_payment", "canary"), "seen twice")
    assert case.proposal.scope.excluded == (ACCOUNT_ID[RING_ACCOUNTS[-1]],)
    assert case.proposal.expires_at is None
    assert "You proposed this. Another person approves it" in said(test)
    assert "Approve" not in {button.label for button in test.button}
    test = press(test, "Take it back")
    assert test.success[0].value == "Taken back."
    assert book(world).list()[0].status is Status.RETURNED


def test_without_a_reason_the_form_says_which_there_are_and_keeps_what_was_typed(world: World) -> None:
    test = choose(show("cluster", cluster=RING, tab="case"), "Verdict", "reseller")
    test = press(test, "Propose")
    assert "needs at least one of its reasons" in test.error[0].value
    assert "They are: resale, agency, other." in said(test)
    assert book(world).list() == ()
    (verdict,) = [group for group in test.button_group if group.label == "Verdict"]
    assert verdict.value == "reseller"


def test_a_false_positive_is_proposed_by_one_choice_and_dismissed_by_another_person(world: World) -> None:
    test = press(show("cluster", cluster=OFFICE), "Company")
    assert test.success[0].value == "Proposed: benign, company. It waits for another person."
    (case,) = book(world).list()
    assert case.proposal is not None
    assert case.proposal.expires_at is not None
    assert len(show().dataframe[0].value) == 3
    book(world).approve(case.case_id)
    queue = show()
    assert f"{OFFICE} →" not in queue.dataframe[0].value["cluster"].tolist()
    assert "2 clusters of 3; 1 dismissed as benign" in said(queue)
    dismissed = show(case="dismissed")
    assert dismissed.dataframe[0].value["cluster"].tolist() == [f"{OFFICE} →"]
    assert dismissed.dataframe[0].value["case"].tolist() == ["dismissed"]


def test_a_dismissed_cluster_that_has_changed_is_back_with_the_reason(world: World) -> None:
    case = book(world).propose(OFFICE, "benign", ["company"])
    book(world, "bob").approve(case.case_id)
    assert "nothing has changed materially since" in said(show("cluster", cluster=OFFICE))
    tables = dict(world.tables)
    clusters = [
        {**row, "tier": 1 if row["cluster_id"] == OFFICE else row["tier"]} for row in tables["clusters"].to_pylist()
    ]
    tables["clusters"] = pa.Table.from_pylist(clusters, schema=tables["clusters"].schema)
    small_world.publish(world.path, "r-000000000002", tables, parent=world.refresh_id)
    queue = show()
    back = queue.dataframe[0].value.set_index("cluster").loc[f"{OFFICE} →", "case"]
    assert back == "changed since"
    assert "1 dismissed one back, because what speaks for abuse has changed" in said(queue)
    before = next(row["tier"] for row in world.tables["clusters"].to_pylist() if row["cluster_id"] == OFFICE)
    test = show("cluster", cluster=OFFICE)
    assert f"and it is back: it is in tier 1, and was in tier {before}." in test.warning[0].value


def test_who_follows_a_confirmed_case_is_on_its_page_with_the_rows(world: World) -> None:
    case = book(world).propose(RING, "confirmed", ["shared_payment"])
    assert "Followers" not in [title.value for title in show("cases", case=case.case_id).subheader]
    book(world, "bob").approve(case.case_id)
    assert f"None at refresh {world.refresh_id}." in said(show("cases", case=case.case_id))
    names = [(OFFICE_ACCOUNTS[0], True), (OFFICE_ACCOUNTS[1], False)]
    uses = [
        {
            "identifier": IDENTIFIER_ID["payment_instrument", CARDS[0]], "kind": "payment_instrument",
            "case_id": case.case_id, "account": ACCOUNT_ID[account], "new": new, "accounts": 9, "confirmed": 6,
            "events": 3, "first_seen": START.replace(tzinfo=None), "last_seen": START.replace(tzinfo=None),
        }
        for account, new in names
    ]  # fmt: skip
    tables = {**world.tables, "followed": small_world.table_of(FOLLOWED.columns, uses)}
    small_world.publish(world.path, "r-000000000002", tables, parent=world.refresh_id)
    test = show("cases", case=case.case_id)
    assert "**1 account** at refresh r-000000000002, 1 of them in 1 cluster." in said(test)
    (shown,) = [frame.value for frame in test.dataframe if "rarest" in frame.value]
    assert shown["account"].tolist() == [OFFICE_ACCOUNTS[0]]
    assert shown["rarest"].tolist() == [9]
    assert CARDS[0] not in str(shown["identifiers"].tolist())
    rows = show("cluster", cluster=OFFICE, tab="rows", table="followed")
    assert sorted(rows.dataframe[0].value["account"]) == sorted(account for account, _ in names)
    assert "Followers" in [title.value for title in show("cluster", cluster=RING, tab="case").subheader]


def test_another_persons_proposal_is_approved_closed_and_appealed(world: World) -> None:
    case = book(world).propose(RING, "confirmed", ["other"], note=f"see {HOSTILE[4]}")
    test = show("cases", case=case.case_id)
    assert f"see {HOSTILE[4]}" in said(test)
    test.text_input[0].set_value("looked at the cards")
    test = press(test, "Approve")
    assert test.success[0].value == "Approved."
    assert book(world).show(case.case_id).acts[-1].note == "looked at the cards"
    test = press(test, "Close")
    assert book(world).show(case.case_id).status is Status.CLOSED
    refused = press(test, "Appeal")
    assert "with a note that says why" in refused.error[0].value
    refused.text_input[0].set_value("they wrote to us")
    assert press(refused, "Appeal").success[0].value == "Taken up again, as an appeal."
    assert book(world).show(case.case_id).status is Status.APPEALED


@pytest.mark.parametrize(
    ("role", "offered"),
    [
        (Role.VIEWER, set()),
        (Role.INVESTIGATOR, {"Take 2 cases"}),
        (Role.APPROVER, {"Approve 2 cases", "Return 2 cases", "Take 2 cases"}),
    ],
)
def test_a_bulk_is_listed_with_everything_chosen_and_each_role_is_offered_what_it_may(
    world: World, role: Role, offered: set[str]
) -> None:
    book(world).open(small_world.NAMES)
    bulk = Workspace(world.path, actor="ann").bulk.propose([RING, OFFICE], "benign", ["company"])
    act_as(world, role)
    test = show("cases", bulk=str(bulk.bulk_id))
    assert not test.exception
    assert f"These were acted on together, as {bulk.bulk_id}" in said(test)
    assert len(test.dataframe[0].value) == 2
    assert {button.label for button in test.button if button.label.endswith("cases")} == offered
    if "Approve 2 cases" in offered:
        test = press(test, "Approve 2 cases")
        assert test.success[0].value.startswith("Approved: [2 cases about 20 accounts](cases?bulk=b-")
        assert {case.status for case in book(world).list()} == {Status.APPROVED, Status.OPEN}
    assert "There is no such bulk" in show("cases", bulk="b-none").error[0].value


def _chosen_in_the_queue() -> None:
    """Script of a page that draws the form for every cluster of the queue."""
    from linkage.ui import bulk_panel, casework, session

    casework.answer()
    refresh_id = session.shown()
    bulk_panel.of_clusters(refresh_id, session.clusters(refresh_id))


def test_clusters_that_share_a_case_stay_out_of_a_bulk_and_what_was_opened_meanwhile_stops_it(world: World) -> None:
    split = book(world).open(RING)
    with Home(world.path, "cron").cases_to_write().acting("cron", datetime.now(UTC)) as acts:
        acts.follow("r-later", {RING: [RING, small_world.NAMES]}, ())
    test = AppTest.from_function(_chosen_in_the_queue, default_timeout=30).run()
    assert "2 chosen clusters share a case with another one and stay out" in said(test)
    test = choose(choose(test, "Verdict", "benign"), "Reasons", ["company"])
    book(world).open(OFFICE)
    test = press(test, "Propose for 1 cluster")
    assert "ann did open" in test.error[0].value
    assert {case.status for case in book(world).list()} == {Status.OPEN}
    assert book(world).show(split.case_id).clusters == tuple(sorted([RING, small_world.NAMES]))


def test_what_somebody_did_meanwhile_is_said_and_nothing_is_approved(world: World) -> None:
    case = book(world).propose(RING, "confirmed", ["canary"])
    test = show("cases", case=case.case_id)
    book(world).note(case.case_id, "wait, I look again")
    test = press(test, "Approve")
    assert "has changed: ann did note" in said(test)
    assert "Look at the case again" in said(test)
    assert book(world).show(case.case_id).status is Status.PROPOSED


def test_notes_and_whose_it_is(world: World) -> None:
    case = book(world).open(RING)
    test = show("cases", case=case.case_id)
    words = next(field for field in test.text_input if field.label == "Add a note")
    words.set_value("asked them")
    test = press(test, "Add")
    assert book(world).show(case.case_id).acts[-1].note == "asked them"
    test = press(test, "Take it")
    assert book(world).show(case.case_id).assignee == Workspace(world.path).actor
    assert test.dataframe[0].value["act"].tolist() == ["assign", "note", "open"]
    test = press(test, "Give it back")
    assert book(world).show(case.case_id).assignee is None


def test_the_list_of_cases_is_filtered_by_the_url(world: World) -> None:
    assert "There is no case yet." in said(show("cases"))
    first = book(world).open(RING)
    book(world).propose(OFFICE, "benign", ["company"])
    assert "2 cases, 1 of them waiting" in said(show("cases")).replace("*", "")
    only = show("cases", status="open")
    assert only.dataframe[0].value["case"].tolist() == [f"{first.case_id} →"]
    assert "No case stands there." in said(show("cases", status="appealed"))
    assert "no such case" in show("cases", case="k-none").error[0].value


# --- what-if ----------------------------------------------------------------------------------------------------------


def test_what_if_says_who_would_stay_and_writes_an_entry(world: World) -> None:
    test = show("cluster", cluster=RING, tab="what-if")
    kinds = test.multiselect[0]
    assert kinds.options == ["addresses", "cards", "templates"]
    kinds.set_value(["payment_instrument", "prompt_template", "ip_address"]).run()
    assert "Nothing is left: all 12 accounts leave." in said(test)
    test.multiselect[0].set_value([]).run()
    network = next(field for field in test.text_input if field.label == "If these networks were benign")
    network.set_value("198.51.100.0/24").run()
    assert "198.51.100.0/24 holds 2 addresses" in said(test)
    assert not any(address in said(test) for address in ADDRESSES)
    reason = next(field for field in test.text_input if field.label == "Why it is known to be benign")
    reason.set_value("our own gateway")
    test = press(test, "Add 1 entry")
    assert test.success[0].value.startswith("1 entry on the allow-list.")
    (entry,) = Workspace(world.path).allow.entries()
    assert (entry.cidr, entry.reason) == ("198.51.100.0/24", "our own gateway")
    network = next(field for field in test.text_input if field.label == "If these networks were benign")
    network.set_value("campus").run()
    assert "not a network" in test.error[0].value


def test_what_if_offers_what_was_in_use_on_the_days_that_are_chosen_and_keeps_what_is_left_out(world: World) -> None:
    test = show("cluster", cluster=RING, tab="what-if")
    every = test.multiselect[1].options
    taken = IDENTIFIER_ID["ip_address", ADDRESSES[0]]
    test.multiselect[1].set_value([taken]).run()
    before = said(test)
    test.query_params["days"] = "2026-03-21..2026-03-25"
    test.run()
    assert test.multiselect[1].options == every
    test.query_params["days"] = "2026-03-22..2026-03-25"
    test.run()
    assert "2026-03-22 to 2026-03-25" in said(test).replace("*", "")
    assert (len(test.multiselect[1].options), test.multiselect[1].value) == (1, [taken])
    test = press(test, "All days")
    assert (test.multiselect[1].options, test.multiselect[1].value) == (every, [taken])
    assert said(test) == before


# --- search -----------------------------------------------------------------------------------------------------------


def test_a_lookup_puts_numbers_into_the_url_and_no_value(world: World) -> None:
    test = show("lookup")
    test.text_area[0].set_value(f"{ADDRESSES[0]}\n{CARDS[0]}\nnobody-has-it")
    test = press(test, "Look up")
    numbers = [IDENTIFIER_ID["ip_address", ADDRESSES[0]], IDENTIFIER_ID["payment_instrument", CARDS[0]]]
    assert test.query_params["id"] in (",".join(map(str, numbers)), [",".join(map(str, numbers))])
    assert "identifier 3 of 3: never seen in this workspace" in said(test)
    again = show("lookup", id=",".join(map(str, numbers)))
    rows = again.dataframe[0].value
    assert set(rows["account"]) >= {RING_ACCOUNTS[0], "loner-01"}
    assert set(rows["value"]) == {"198.51.100.•", "•••0001"}
    assert CARDS[0] not in said(again)
    reason = next(field for field in again.text_input if field.label == "Reason")
    reason.set_value("case k-1")
    shown = press(again, "Reveal")
    assert set(shown.dataframe[0].value["value"]) == {ADDRESSES[0], CARDS[0]}
    entry = Workspace(world.path).audit()[-1]
    assert (entry.action, entry.detail) == ("reveal", {"reason": "case k-1", "ids": sorted(numbers)})


def test_a_reveal_without_a_reason_shows_nothing(world: World) -> None:
    test = show("lookup", id=str(IDENTIFIER_ID["payment_instrument", CARDS[0]]))
    before = len(Workspace(world.path).audit())
    test = press(test, "Reveal")
    assert "a reveal needs a reason" in test.error[0].value.lower()
    assert set(test.dataframe[0].value["value"]) == {"•••0001"}
    assert len(Workspace(world.path).audit()) == before
    assert "Nobody touched it" in said(show("lookup", id="999999"))


def test_two_accounts_are_tied_by_chains_that_a_url_reproduces(world: World) -> None:
    test = show("path")
    test.text_input[0].set_value(RING_ACCOUNTS[0])
    test.text_input[1].set_value("loner-01")
    test = press(test, "Find chains")
    assert not test.error
    a, b = ACCOUNT_ID[RING_ACCOUNTS[0]], ACCOUNT_ID["loner-01"]
    again = show("path", a=str(a), b=str(b))
    assert f"From {RING_ACCOUNTS[0]} to loner-01" in said(again).replace("*", "")
    assert again.dataframe[0].value["next_account_id"].iloc[-1] == "loner-01"
    assert f"path?a={a}&b={b}&refresh={world.refresh_id}" in said(again)
    test.text_input[1].set_value("nobody")
    test = press(test, "Find chains")
    assert "no such account" in test.error[0].value
    none = show("path", a=str(a), b=str(ACCOUNT_ID[OFFICE_ACCOUNTS[0]]))
    assert "No chain" in said(none)


def test_two_refreshes_are_compared(world: World) -> None:
    assert "There is one refresh only" in said(show("compare"))
    second_refresh(world)
    test = show("compare")
    rows = test.dataframe[0].value.set_index("cluster_id")
    assert rows.loc[RING, ["change", "members", "size_before"]].tolist() == ["grew ▲", 8, 12]
    assert rows.loc["c-both", ["change", "came_from"]].tolist() == ["merged", OFFICE]
    assert rows.loc[OFFICE, "change"] == "gone"
    assert "3 clusters before, 2 after" in said(test)
    only = show("compare", change="gone", **{"from": world.refresh_id, "to": "r-000000000002"})
    assert set(only.dataframe[0].value["change"]) == {"gone"}


# --- records ----------------------------------------------------------------------------------------------------------


def test_the_allow_list_is_added_to_and_removed_from(world: World) -> None:
    test = show("allow-list")
    assert "The list is empty." in said(test)
    value, why = (field for field in test.text_input)
    value.set_value("192.0.2.0/24")
    why.set_value("our campus")
    test = press(test, "Add the entry")
    assert test.success[0].value.startswith("Added.")
    (entry,) = Workspace(world.path).allow.entries()
    assert (entry.cidr, entry.reason) == ("192.0.2.0/24", "our campus")
    chosen = next(box for box in test.selectbox if box.label == "Entry")
    chosen.set_value(entry.entry_id).run()
    test = press(test, "Remove it")
    assert Workspace(world.path).allow.entries() == ()


def test_runs_and_kept_refreshes_are_listed(world: World) -> None:
    second_refresh(world)
    test = show("runs")
    assert test.dataframe[0].value["refresh"].tolist() == ["r-000000000002", world.refresh_id]
    assert "r-000000000002](/?refresh=r-000000000002) · current" in said(test)


def test_failed_runs_an_overdue_schedule_and_alerts_are_marked(world: World) -> None:
    home = Home(world.path, "tester")
    casework = home.casework_to_write()
    casework.record_run(
        verb="ingest", status="refused", refresh_id=None, started_at=START, finished_at=START, actor="tester",
        timings={}, counts={"accepted": 195, "set_aside": 5}, trigger="schedule", exit_code=10,
    )  # fmt: skip
    hour = timedelta(hours=1)
    casework.end_tick(TickDone(tick_of(datetime.now(UTC), hour), hour, START, 0))
    assert "every 1 h" in show("runs").success[0].value
    casework.end_tick(TickDone(tick_of(datetime.now(UTC), hour), hour, START, 10))
    assert "ended with 10" in show("runs").warning[0].value
    casework.end_tick(TickDone(START, hour, START, 0))
    outbox = Outbox(casework, home.name)
    outbox.add(Alert("cluster_new:c", AlertKind.CLUSTER_NEW, RING, START, {"size": 12}), ["soc"])
    outbox.postponed(outbox.due("soc", START, hour, 1)[0][1], "status 503", START + hour)
    test = show("runs")
    assert "Overdue:** the next was due" in test.error[0].value
    runs, alerts = (frame.value for frame in test.dataframe)
    assert runs["mark"].tolist() == ["⚠ failed", ""]
    assert runs["quarantine"].tolist()[0] == 2.5
    assert (runs["code"].tolist()[0], runs["trigger"].tolist()[0]) == (10, "schedule")
    assert alerts["subject"].tolist() == [RING]
    assert alerts["delivery"].tolist() == ["soc: waiting (status 503, 1 attempt)"]


def test_the_audit_says_whether_it_is_whole(world: World) -> None:
    book(world).open(RING, note="words of a note")
    test = show("audit", action="case.open")
    assert "unbroken" in test.success[0].value
    assert test.dataframe[0].value["who"].tolist() == ["ann"]
    assert "words of a note" not in str(test.dataframe[0].value.to_dict())
    assert "No entry passes" in said(show("audit", subject="nothing-has-this"))


def test_settings_say_who_may_what_and_check_everything(world: World) -> None:
    act_as(world, Role.APPROVER)
    test = show("settings", setting="seed")
    assert test.dataframe[-1].value.to_dict("records") == [{"setting": "seed", "value": "1"}]
    assert "everybody else looks on" in said(test)
    assert "approver: approve or return a proposal" in said(test).replace("*", "")
    test = press(test, "Check everything")
    assert "audit chain, ok" in said(test).replace("*", "")
