"""Both pages, in each of their states, on real snapshots; the script is run as Streamlit runs it, without a browser."""

from __future__ import annotations

import json
import re
import tomllib
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from linkage.stores.snapshots import Snapshots
from linkage.ui import graph_tables, rows_panel, serve, session
from linkage.ui.assets import asset
from linkage.ui.evidence_panel import accounts_of
from linkage.ui.frames import UnknownCluster, account_bits, account_facts, cluster_frames, links
from linkage.ui.graph import Node, draw
from linkage.ui.members_panel import _why, member_rows
from linkage.ui.queue_page import reasons_in_brief
from linkage.ui.session import CLUSTER as URL_PATH
from linkage.ui.summary_panel import reasons
from linkage.workspace import Workspace
from tests.lib.screen_world import HOSTILE, USUAL, Spec, publish

TOP, JUDGED = USUAL[:2]
#: A link to rows: how many, of which table, and the query of its URL.
_ROWS = re.compile(r"\[([\d,]+) rows? of (\w+)\]\(cluster\?([^)]*)\)")


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A workspace with one refresh, which is the one that the pages show."""
    path = tmp_path / "workspace"
    publish(path, "r-0001", USUAL)
    monkeypatch.setenv("LINKAGE_WORKSPACE", str(path))
    return path


def show(page: str = "", **query: str) -> AppTest:
    """Run the script at the URL of a page."""
    test = AppTest.from_file(str(serve.script()), default_timeout=60)
    for name, value in query.items():
        test.query_params[name] = value
    if page:
        from streamlit.navigation.page import calc_hash

        test._page_hash = calc_hash(page)
    return test.run()


def component(test: AppTest, name: str) -> list[Any]:
    """Components of ours on the page whose key begins with this name, in their order."""
    found = [each for each in test.get("bidi_component") if f"-{name}-" in each.proto.id]
    assert found
    return found


def sightings(workspace: Path) -> Path:
    """File of the sightings that the pages read."""
    return Workspace(workspace).snapshot().path("sightings")


def said(test: AppTest) -> str:
    """Everything that the page says, backslashes that keep Markdown away left out."""
    elements = [*test.title, *test.markdown, *test.info, *test.warning, *test.error, *test.caption, *test.subheader]
    return "\n".join(str(element.value) for element in elements).replace("\\", "").replace("\u00a0", " ")


def figures(test: AppTest) -> dict[str, str]:
    return {metric.label: metric.value.replace("\u00a0", " ") for metric in test.metric}


# --- the queue ------------------------------------------------------------------------------------------------------


def test_the_queue_lists_every_cluster_by_score(workspace: Path) -> None:
    test = show()
    assert not test.exception
    table = test.dataframe[0].value
    assert table["cluster"].tolist() == [f"{spec.cluster_id} →" for spec in USUAL]
    assert table["link"].iloc[0] == f"cluster?cluster={TOP.cluster_id}&refresh=r-0001"
    assert table["tier"].tolist() == ["1 · flagged", "2 · for a person", "3 · linked only", "3 · linked only"]
    assert "4 clusters: 1 flagged, 1 for a person, 2 linked only" in said(test).replace("*", "")
    assert "Local mode, no sign-in" in said(test)


@pytest.mark.parametrize(
    ("query", "kept"),
    [
        ({"tier": "3 · linked only"}, [2, 3]),
        ({"size": "24"}, [0, 1]),
        ({"text": "ONE KIND"}, [1]),
        ({"text": "c-dddd"}, [3]),
    ],
)
def test_filters_of_the_url_are_applied(workspace: Path, query: dict[str, str], kept: list[int]) -> None:
    test = show(**query)
    assert test.dataframe[0].value["cluster"].tolist() == [f"{USUAL[at].cluster_id} →" for at in kept]
    assert f"{len(USUAL) - len(kept)} do not pass the filters" in said(test)


def test_a_kind_that_is_chosen_keeps_the_clusters_that_it_holds_together(workspace: Path) -> None:
    test = show()
    test.multiselect[0].select("payment_instrument").run()
    assert len(test.dataframe[0].value) == 4
    assert test.multiselect[0].options == ["cards", "templates"]


def test_no_match_says_what_to_do(workspace: Path) -> None:
    test = show(text="nothing has this")
    assert not test.dataframe
    assert "No cluster passes these filters." in said(test)
    assert "take a filter away" in said(test)


def test_a_refresh_without_clusters_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LINKAGE_WORKSPACE", str(tmp_path / "workspace"))
    publish(tmp_path / "workspace", "r-0001", ())
    assert "This refresh found no cluster" in said(show())


def test_no_workspace_says_what_to_do_and_makes_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LINKAGE_WORKSPACE", str(tmp_path / "nothing"))
    for page in ("", URL_PATH):
        test = show(page)
        assert not test.exception
        assert "There is no refresh to show yet." in said(test)
        assert [code.value for code in test.code] == ["linkage ingest PATH\nlinkage refresh", "linkage demo"]
    assert not (tmp_path / "nothing").exists()


def test_a_newer_refresh_is_announced_and_shown_when_asked_for(workspace: Path) -> None:
    test = show()
    publish(workspace, "r-0002", (Spec("c-ffff000011112222", 40, score=0.99, base=70_000), *USUAL), parent="r-0001")
    test.run()
    assert "A newer refresh is there: r-0002" in said(test)
    assert len(test.dataframe[0].value) == 4
    test.button(key="show-newest").click().run()
    assert "A newer refresh is there" not in said(test)
    assert test.dataframe[0].value["cluster"].iloc[0] == "c-ffff000011112222 →"


def test_an_older_refresh_of_the_url_is_shown_as_such(workspace: Path) -> None:
    publish(workspace, "r-0002", USUAL[1:], parent="r-0001")
    test = show(refresh="r-0001")
    assert len(test.dataframe[0].value) == 4
    assert "You are looking at r-0001" in said(test)


def test_a_refresh_that_went_while_it_was_shown_leads_to_the_current_one(workspace: Path) -> None:
    def page() -> None:
        from linkage.ui import session

        session.freshness("r-0001")

    publish(workspace, "r-0002", USUAL, parent="r-0001")
    assert Snapshots(workspace).prune(1, ()) == ("r-0001",)
    test = AppTest.from_function(page).run()
    assert not test.exception
    assert "Refresh r-0001 is not kept" in said(test)
    test.button[0].click().run()
    assert test.session_state["refresh_shown"] == "r-0002"


@pytest.mark.parametrize("refresh", ["r-9999", "../../etc", "<b>x</b>"])
def test_a_refresh_that_is_not_kept_leads_to_the_current_one(workspace: Path, refresh: str) -> None:
    test = show(refresh=refresh)
    assert not test.exception
    assert "is not kept" in said(test)
    assert refresh == "r-9999" or refresh not in said(test)
    test.button[0].click().run()
    assert len(test.dataframe[0].value) == 4


def test_damage_is_said_with_a_next_step(workspace: Path) -> None:
    for file in (workspace / "snapshots" / "r-0001").glob("clusters.parquet"):
        file.write_bytes(file.read_bytes()[:-1] + b"\x00")
    test = show()
    assert not test.exception
    assert "clusters.parquet" in test.error[0].value.replace("\\", "")
    assert "Next:" in said(test)
    assert "linkage doctor" in said(test)


def test_an_older_snapshot_in_place_of_a_damaged_one_is_said(workspace: Path) -> None:
    publish(workspace, "r-0002", USUAL, parent="r-0001")
    (workspace / "snapshots" / "r-0002" / "members.parquet").unlink()
    test = show()
    assert len(test.dataframe[0].value) == 4
    assert "refresh r-0001 is served in its place" in said(test)


def test_reasons_that_do_not_fit_are_cut_visibly() -> None:
    long = ["linked", *["+1.0 a reason that goes on for a while"] * 9]
    brief = reasons_in_brief(long)
    assert len(brief) <= 140
    assert brief.endswith("a reason that goes on for a while (+1.0) …")
    assert reasons_in_brief(["linked", "−2.3 5 accounts"]) == "5 accounts (−2.3)"
    assert len(reasons_in_brief(["linked", "+1.0 " + "word " * 90])) <= 140
    assert reasons_in_brief(["linked only"]) == "linked only"


# --- a cluster ------------------------------------------------------------------------------------------------------


def test_a_cluster_shows_its_figures_and_where_they_come_from(workspace: Path) -> None:
    test = show(URL_PATH, cluster=TOP.cluster_id)
    assert not test.exception
    assert test.title[0].value.replace("\\", "") == f"Cluster {TOP.cluster_id}"
    shown = figures(test)
    assert (shown["Members"], shown["Score"], shown["By chance, q"], shown["Abuse, points"]) == (
        "220",
        "0.96",
        "0.004",
        "+6.5",
    )
    text = said(test)
    assert "Rank 1 of 4 clusters" in text
    assert "[14 rows of cluster_identifiers]" in text
    assert "3 identifiers that members share with many outside" in text
    assert "Left out: 2 accounts that came close" in text.replace("*", "")
    assert "Without cards: 73 stay tied (33 %)" in text.replace("*", "")
    assert "4% of active days fall on a weekend; matched ordinary accounts: 24%  \n:small[−1.0 points" in text.replace(
        "*", ""
    )


def test_evidence_draws_and_lists_the_same(workspace: Path) -> None:
    test = show(URL_PATH, cluster=TOP.cluster_id, tab="evidence")
    assert not test.exception
    assert "161 of 263 nodes drawn: 43 of 43 identifiers and 118 groups that hold 220 of 220 accounts" in said(test)
    assert not test.dataframe
    drawing, beside = (json.loads(element.proto.json) for element in component(test, "graph"))
    assert drawing["name"] == beside["name"] == TOP.cluster_id
    identifiers, groups = beside["tables"]
    drawn = {node["id"]: node for node in drawing["nodes"]}
    assert {*identifiers["marks"], *groups["marks"]} == {*drawn} == {*beside["marks"]}
    assert len(identifiers["marks"]) == 43
    assert sum(drawn[mark]["accounts"] for mark in groups["marks"]) == 220
    assert groups["said"].startswith("118 rows, 220 of 220 accounts (100")


def test_members_and_timeline_come_with_their_rows(workspace: Path) -> None:
    members = show(URL_PATH, cluster=TOP.cluster_id, tab="members")
    assert len(members.dataframe[0].value) == 220
    assert members.dataframe[0].value["membership"].is_monotonic_decreasing
    members.text_input[0].set_value("no account has this").run()
    assert "No member passes these filters" in said(members)
    timeline = show(URL_PATH, cluster=TOP.cluster_id, tab="timeline")
    assert not timeline.exception
    assert len(timeline.dataframe[0].value) == 30
    assert "[30 rows of timeline]" in said(timeline)


def test_a_cluster_with_nothing_in_its_tables_is_still_a_page(workspace: Path) -> None:
    publish(workspace, "r-0002", (Spec("c-0000", 2, 3, 0.1, identifiers=1, hubs=0, days=0, left_out=0, reasons=()),))
    for tab in ("summary", "evidence", "members", "timeline", "changes", "history"):
        test = show(URL_PATH, cluster="c-0000", refresh="r-0002", tab=tab)
        assert not test.exception
        assert not test.error


def test_changes_say_who_joined_and_left_and_history_follows_the_line_back(workspace: Path) -> None:
    first = show(URL_PATH, cluster=TOP.cluster_id, tab="changes")
    assert "It follows from no earlier cluster" in said(first)
    grown = replace(TOP, size=230, base=TOP.base + 10, identifiers=41, score=0.98, parent=TOP.cluster_id)
    publish(workspace, "r-0002", (grown,), parent="r-0001")
    test = show(URL_PATH, cluster=TOP.cluster_id, refresh="r-0002", tab="changes")
    assert not test.exception
    assert "20 joined, 10 left; 210 stayed." in said(test).replace("*", "")
    assert figures(test)["Score"] == "0.98"
    accounts, identifiers = test.dataframe[0].value, test.dataframe[1].value
    assert accounts["change"].value_counts().to_dict() == {"joined": 20, "left": 10}
    assert set(identifiers["change"]) >= {"new", "gone"}
    assert (identifiers.loc[identifiers["change"] == "new", "before"] == 0).all()
    assert "No term moved." in said(test)
    merged = Spec("c-9999000011112222", 250, lineage="merged", parent=TOP.cluster_id, base=TOP.base)
    publish(workspace, "r-0003", (merged,), parent="r-0002")
    test = show(URL_PATH, cluster="c-9999000011112222", refresh="r-0003", tab="history")
    rows = test.dataframe[0].value
    assert rows["refresh_id"].tolist() == ["r-0003", "r-0002", "r-0001"]
    assert rows["cluster_id"].tolist() == ["c-9999000011112222", TOP.cluster_id, TOP.cluster_id]
    assert rows["size"].tolist() == [250, 230, 220]
    assert "3 refreshes, 3 rows of clusters, the latest first. It begins at refresh r-0001." in said(test).replace(
        "*", ""
    )


def test_following_a_line_back_pushes_nothing_out_that_the_pages_share(workspace: Path) -> None:
    small = Spec("c-0000", 2, 3, 0.1, identifiers=1, hubs=0, days=0, left_out=0, reasons=())
    for number in range(2, 12):
        publish(workspace, f"r-{number:04}", (replace(small, parent="c-0000"),), parent=f"r-{number - 1:04}")
    shared = session.clusters("r-0011")
    test = show(URL_PATH, cluster="c-0000", refresh="r-0011", tab="history")
    assert test.dataframe[0].value["refresh_id"].tolist() == [f"r-{number:04}" for number in range(11, 1, -1)]
    assert session.clusters("r-0011") is shared


def test_no_cluster_chosen_and_an_unknown_one_lead_to_the_queue(workspace: Path) -> None:
    assert "No cluster is chosen." in said(show(URL_PATH))
    test = show(URL_PATH, cluster="c-<script>")
    assert not test.exception
    assert "There is no cluster of this id at refresh r-0001" in said(test)
    assert "<script>" not in said(test)


def test_a_cluster_that_merged_leads_to_what_it_became(workspace: Path) -> None:
    merged = Spec("c-9999000011112222", 250, lineage="merged", parent=TOP.cluster_id, base=90_000)
    publish(workspace, "r-0002", (merged, *USUAL[1:]), parent="r-0001")
    with pytest.raises(UnknownCluster) as fault:
        cluster_frames(Workspace(workspace), "r-0002", TOP.cluster_id)
    assert fault.value.became == ("c-9999000011112222",)
    test = show(URL_PATH, cluster=TOP.cluster_id, refresh="r-0002")
    assert not test.exception
    assert [link.proto.label for link in test.get("page_link")] == ["It became c-9999000011112222", "Open the queue"]


def test_what_comes_from_outside_makes_no_markup(workspace: Path) -> None:
    test = show(URL_PATH, cluster=USUAL[2].cluster_id)
    shown = next(element.value for element in test.markdown if "onerror" in element.value)
    assert "\\<" in shown
    assert "\\*\\*bold" in shown
    assert "\\:red" in shown
    assert HOSTILE[1:] in shown.replace("\\", "").replace("\u2060", "")


def test_a_hostile_account_name_is_shown_letter_by_letter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "workspace"
    monkeypatch.setenv("LINKAGE_WORKSPACE", str(path))
    names = [f"{HOSTILE} {number}" for number in range(4)]
    rows = pd.DataFrame({"event_time": "2026-01-02T00:00:00Z", "account_id": names, "ip_address": "198.51.100.7"})
    rows.to_csv(tmp_path / "events.csv", index=False)
    Workspace(path).ingest(tmp_path / "events.csv")
    known = Workspace(path).names(range(100))
    numbers = sorted(number for number, name in known.items() if name in names)
    assert numbers == list(range(numbers[0], numbers[0] + 4))
    publish(path, "r-0001", (Spec("c-0001", 4, identifiers=3, hubs=0, base=numbers[0]),))
    members = show(URL_PATH, cluster="c-0001", tab="members")
    assert sorted(members.dataframe[0].value["name"]) == names
    test = show(URL_PATH, cluster="c-0001", tab="evidence")
    test.session_state["chosen-c-0001"] = f"a{numbers[0]}"
    test.run()
    assert not test.exception
    shown = next(element.value for element in test.caption if element.value.startswith("Of account"))
    assert "\\<img" in shown
    assert f"Of account {known[numbers[0]]}: 1 of 1 account" in shown.replace("\\", "").replace("\u2060", "")
    # The browser gets the name as it is, and writes it as text.
    beside = json.loads(component(test, "graph")[1].proto.json)
    assert beside["marks"][f"a{numbers[0]}"]["said"] == f"account {known[numbers[0]]}"
    assert "innerHTML" not in asset("graph_tables.js")


def test_no_value_of_an_identifier_is_read_for_the_pages(workspace: Path) -> None:
    frames = cluster_frames(Workspace(workspace), "r-0001", TOP.cluster_id)
    assert "value" not in {*frames.identifiers.columns, *links(sightings(workspace), frames).columns}


def test_every_link_to_rows_lists_as_many_as_it_says(workspace: Path) -> None:
    pages = [show(URL_PATH, cluster=TOP.cluster_id, tab=tab) for tab in ("summary", "evidence", "members", "timeline")]
    pages.append(show(URL_PATH, cluster=JUDGED.cluster_id))
    linked = {found for page in pages for found in _ROWS.findall(said(page))}
    assert {table for _, table, _ in linked} == {*rows_panel.TABLES} - {"lineage"}
    for number, table, query in linked:
        listed = show(URL_PATH, **dict(parse_qsl(query)))
        assert not listed.exception
        assert len(listed.dataframe[0].value) == int(number.replace(",", "")), (table, query)
        assert f"{number} of" in said(listed)


@pytest.mark.parametrize("table", [*rows_panel.TABLES])
def test_rows_name_accounts_and_show_no_value_of_an_identifier(workspace: Path, table: str) -> None:
    cluster = JUDGED if table in ("decided", "followed") else TOP
    test = show(URL_PATH, cluster=cluster.cluster_id, tab="rows", table=table)
    assert not test.exception
    assert f"of the table {table} that speak of this cluster" in said(test)
    shown = test.dataframe[0].value
    assert len(shown) > 0
    assert not {"value", "name"} & {*shown.columns}
    assert f"tab=rows&table={table}" in said(test)


def test_a_filter_of_the_url_that_fits_no_table_is_no_fault(workspace: Path) -> None:
    test = show(URL_PATH, cluster=TOP.cluster_id, tab="rows", table="<b>", of="nothing", role="nobody")
    assert not test.exception
    assert len(test.dataframe[0].value) == 1


def test_what_the_source_does_not_record_is_unknown_and_not_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LINKAGE_WORKSPACE", str(tmp_path / "workspace"))
    rows = [("r-0001", TOP), ("r-0002", replace(TOP, recorded=False))]
    for refresh, spec in rows:
        publish(tmp_path / "workspace", refresh, (spec,))
    known, unknown = (figures(show(URL_PATH, cluster=TOP.cluster_id, refresh=refresh)) for refresh, _ in rows)
    assert "–" not in (known["Tokens"], known["Cost"])
    assert (unknown["Tokens"], unknown["Cost"]) == ("–", "–")
    queue = show(refresh="r-0002").dataframe[0].value
    assert (queue["tokens"].iloc[0], queue["cost"].iloc[0]) == ("–", "–")


# --- what the panels compute ------------------------------------------------------------------------------------------


def test_reasons_are_five_at_most_and_none_speaks_against(workspace: Path) -> None:
    frames = cluster_frames(Workspace(workspace), "r-0001", TOP.cluster_id)
    found = reasons(frames)
    assert [reason.text for reason in found[:3]] == list(TOP.reasons)
    assert len(found) == 5
    assert found[0].points == 3.0
    assert all(reason.points is None or reason.points > 0 for reason in found)
    assert [rows.table for rows in found[0].rows] == ["cluster_terms", "cluster_identifiers", "sightings"]
    assert [rows.table for rows in found[3].rows] == ["cluster_terms", "accounts"]


def test_what_people_decided_is_among_the_reasons_however_many_there_are(workspace: Path) -> None:
    found = reasons(cluster_frames(Workspace(workspace), "r-0001", JUDGED.cluster_id))
    assert len(found) == 5
    assert [[rows.table for rows in reason.rows] for reason in found[3:]] == [
        ["decided"],
        ["cluster_terms", "followed"],
    ]
    assert all(JUDGED.decided in reason.text for reason in found[3:])


def test_what_keeps_a_cluster_from_a_flag_is_the_first_that_speaks_against(workspace: Path) -> None:
    assert not [reason for reason in reasons(cluster_frames(Workspace(workspace), "r-0001", JUDGED.cluster_id))
                if JUDGED.held in reason.text]  # fmt: skip
    told = said(show(URL_PATH, cluster=JUDGED.cluster_id))
    against = told[told.index(f"No flag: {JUDGED.held}") :]
    assert "4% of active days" in against
    assert "No flag" not in said(show(URL_PATH, cluster=TOP.cluster_id))


def test_a_term_that_is_next_to_nothing_is_no_reason(workspace: Path) -> None:
    frames = cluster_frames(Workspace(workspace), "r-0001", TOP.cluster_id)
    terms = frames.terms.assign(points=frames.terms["points"].where(frames.terms["term"] != "watch_list", 0.04))
    assert "Lab A" in " ".join(reason.text for reason in reasons(frames))
    assert "Lab A" not in " ".join(reason.text for reason in reasons(replace(frames, terms=terms)))


def test_a_selection_filters_both_tables_to_what_touches_it(workspace: Path) -> None:
    frames = cluster_frames(Workspace(workspace), "r-0001", TOP.cluster_id)
    seen = links(sightings(workspace), frames)
    picture = draw(Workspace(workspace).cluster_graph(TOP.cluster_id), {})
    shown = graph_tables.tables(frames, picture, frames.identifiers)
    identifiers, groups = shown["tables"]
    node = next(node for node in picture.nodes if node.sort == "identifier")
    mark = shown["marks"][node.id]
    assert mark["said"] == node.label == identifiers["columns"][0]["values"][mark["identifiers"]["rows"][0]]
    assert [identifiers["marks"][row] for row in mark["identifiers"]["rows"]] == [node.id]
    assert mark["identifiers"]["said"] == "1 of 43 rows of cluster_identifiers, 1 of them drawn."
    on = set(seen.loc[seen["identifier"] == node.identifier, "account"])
    assert sum(mark["groups"]["on"]) == len(on) == node.accounts
    group = groups["marks"][mark["groups"]["rows"][0]]
    other = shown["marks"][group]
    assert {identifiers["marks"][row] for row in other["identifiers"]["rows"]} == {
        edge.target for edge in picture.edges if edge.source == group
    }
    assert [groups["marks"][row] for row in other["groups"]["rows"]] == [group]


def test_a_row_that_a_selection_may_ask_for_is_listed_wherever_it_stands(
    workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(graph_tables, "_FIRST", 3)
    frames = cluster_frames(Workspace(workspace), "r-0001", TOP.cluster_id)
    picture = draw(Workspace(workspace).cluster_graph(TOP.cluster_id), {})
    last = int(frames.identifiers["identifier"].iloc[-1])
    alone = replace(picture, nodes=tuple(node for node in picture.nodes if node.identifier == last), edges=())
    hubs = Node("h-some", "hubs", "some", 0, "ip_address", discounted=True, identifiers=(last,))
    for drawn in (alone, replace(alone, nodes=(hubs,))):
        rows = graph_tables.listed(drawn, frames.identifiers)["identifier"].tolist()
        assert rows == [*frames.identifiers["identifier"].head(3), last]
        shown = graph_tables.tables(frames, drawn, frames.identifiers)
        assert [mark["identifiers"]["rows"] for mark in shown["marks"].values()] == [[3]]
        assert shown["tables"][0]["marks"] == [None, None, None, f"i{last}" if drawn is alone else None]
        assert "Listed are 4, the strongest and what is drawn" in shown["tables"][0]["said"]


def test_accounts_behind_a_selection_are_the_ones_that_touched_it(
    workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    frames = cluster_frames(Workspace(workspace), "r-0001", TOP.cluster_id)
    seen = links(sightings(workspace), frames)
    picture = draw(Workspace(workspace).cluster_graph(TOP.cluster_id), {})
    node = next(node for node in picture.nodes if node.sort == "identifier")
    monkeypatch.setenv("LINKAGE_WORKSPACE", str(workspace))
    on = accounts_of(frames, picture, node.id)
    assert set(on["account"]) == set(seen.loc[seen["identifier"] == node.identifier, "account"])
    group = next(node for node in picture.nodes if node.sort == "group")
    assert len(accounts_of(frames, picture, group.id)) == group.accounts
    # Of several identifiers as one mark, days are said of accounts that touched one of them alone.
    few = seen.loc[seen["account"] == seen["account"].value_counts().index[0], "identifier"].tolist()
    hubs = Node("h-some", "hubs", "2 discounted", 0, "ip_address", discounted=True, identifiers=tuple(few))
    on = accounts_of(frames, replace(picture, nodes=(hubs,)), "h-some").set_index("account")["active_days"]
    number = seen[seen["identifier"].isin(few)].groupby("account").size()
    assert number.min() == 1 < number.max()
    assert on.notna().to_dict() == (number.reindex(on.index) == 1).to_dict()


def test_a_member_row_names_its_strongest_steps_and_their_sum(workspace: Path) -> None:
    opened = Workspace(workspace)
    frames = cluster_frames(opened, "r-0001", TOP.cluster_id)
    bits = account_bits(opened, frames)
    rows = member_rows(frames, account_facts(opened, frames), bits)
    account = int(frames.members["account"].iloc[0])
    assert rows["bits"].iloc[0] == pytest.approx(bits.loc[bits["account"] == account, "bits"].sum())
    assert rows["why"].iloc[0].count("+4.5") == 3
    assert rows["cost"].sum() == pytest.approx(frames.row["cost_usd_micros"] / 1e6)


def test_a_step_without_identifier_is_put_in_words() -> None:
    bits = pd.DataFrame(
        {
            "account": [1, 1, 1],
            "step": ["prior", "absence", "private work"],
            "kind": [None, None, None],
            "identifier": [None, None, None],
            "bits": [-9.0, -1.25, -2.5],
        }
    )
    found: Any = _why(bits).iloc[0]
    assert found["why"] == "work of its own −2.5 · what it lacks −1.2"
    assert found["bits"] == -12.75


def test_identifiers_come_before_what_was_taken_off_again() -> None:
    bits = pd.DataFrame(
        {
            "account": 1,
            "step": ["prior", "identifier", "cap of the kind"],
            "kind": [None, "prompt_template", "prompt_template"],
            "identifier": [None, 7, None],
            "bits": [-9.0, 11.0, -14.0],
        }
    )
    assert _why(bits)["why"].iloc[0] == "template #7 +11.0 · cap of the kind on templates −14.0"


# --- the server -------------------------------------------------------------------------------------------------------


def test_both_ways_of_serving_have_the_same_settings() -> None:
    file = tomllib.loads((Path(__file__).parents[3] / ".streamlit" / "config.toml").read_text(encoding="utf-8"))
    theme = {name: value for name, value in file["theme"].items() if not isinstance(value, dict)}
    nested = {f"theme.{name}": value for name, value in file["theme"].items() if isinstance(value, dict)}
    assert file | {"theme": theme} | nested == serve.SETTINGS


def test_every_setting_exists_in_this_version_of_the_framework() -> None:
    from streamlit import config

    known = set(config.get_config_options())
    assert {f"{section}.{name}" for section, values in serve.SETTINGS.items() for name in values} <= known


def test_a_taken_port_is_said_in_our_words(tmp_path: Path) -> None:
    import socket

    from linkage.errors import UsageError

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(UsageError, match="cannot be served on"):
            serve.serve(tmp_path, port=taken.getsockname()[1])
