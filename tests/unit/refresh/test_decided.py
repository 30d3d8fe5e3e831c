"""What two people decided holds in the next refresh, is told as theirs, is computed again from a bundle, and ends."""

from __future__ import annotations

import shutil
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from linkage import Workspace
from linkage.cli import main
from linkage.model.case import Case
from linkage.scoring.followers import FOLLOWERS
from tests.unit.refresh import test_allowed as rings

RING = rings.RING
TWIN = [name.replace("ring", "twin") for name in RING]
#: Cards by which the two rings are one operator, until they are known to be a reseller's.
BRIDGE = [f"bridge-{at}" for at in range(12)]
JOINT = 9


def twin(lines: list[str]) -> list[str]:
    """The ring once more, on addresses, cards and tasks of its own."""
    found = [line for line in lines if ",ring-" in line]
    for here, there in (("ring-", "twin-"), ("card-", "paid-"), ("task-", "chore-"), ("203.0.113.", "192.0.2.")):
        found = [line.replace(here, there) for line in found]
    return found


def bridged() -> list[str]:
    """Both rings, and cards that they share."""
    lines = rings.rows()
    lines += twin(lines)
    # Each card is used by accounts of both.
    pairs = [account for pair in zip(RING, TWIN, strict=True) for account in pair]
    for at, account in enumerate(pairs):
        for step in range(6):
            day, card = 1 + (at + step) % 9, BRIDGE[(at // 2 + step) % len(BRIDGE)]
            lines.append(f"2026-04-{day:02}T05:{at:02}:{step:02}Z,{account},,{card},joint-{(at // 2 + step) % JOINT}")
    return lines


def newcomers() -> list[str]:
    """Accounts that come to the ring's cards and tasks three days later."""
    return [
        line.replace("2026-04-0", "2026-04-1").replace("ring-", "new-").replace("203.0.113.", "203.0.113.1")
        for line in rings.rows()
        if ",ring-" in line and rings.PUBLIC not in line
    ]


def decide(workspace: Workspace, account: str, verdict: str, *, exclude: tuple[str, ...] = ()) -> Case:
    ann, bob = workspace.acting_as("ann"), workspace.acting_as("bob")
    reason = {"confirmed": "shared_payment", "benign": "company", "compromised": "stolen_cards"}[verdict]
    case = ann.case.propose(home(workspace, account), verdict, [reason], exclude=exclude)
    return bob.case.approve(case.case_id)


def home(workspace: Workspace, account: str) -> str:
    return str(workspace.members().set_index("account_id").loc[account, "cluster_id"])


def together(workspace: Workspace, account: str) -> set[str]:
    members = workspace.members()
    if account not in set(members["account_id"]):
        return set()
    return set(members.loc[members["cluster_id"] == home(workspace, account), "account_id"])


def tables(workspace: Workspace) -> dict[str, str]:
    return dict(workspace.snapshot().run.files)


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Both rings as one cluster; only to be copied."""
    made = rings.workspace(tmp_path_factory.mktemp("found"), bridged())
    made.refresh()
    assert together(made, RING[0]) >= {*RING, *TWIN}
    return made.path


@pytest.fixture
def made(found: Path, tmp_path: Path) -> Workspace:
    return Workspace(shutil.copytree(found, tmp_path / "w"), actor="tester")


def allow_the_bridge(workspace: Workspace) -> None:
    for card in BRIDGE:
        workspace.allow.add("payment_instrument", card, reason="a reseller's")
    for at in range(JOINT):
        workspace.allow.add("prompt_template", f"joint-{at}", reason="public")


def test_a_confirmed_operator_stays_one_where_evidence_would_split_it(made: Workspace) -> None:
    known_as, undecided = home(made, RING[0]), Workspace(shutil.copytree(made.path, made.path.parent / "undecided"))
    allow_the_bridge(undecided)
    undecided.refresh()
    assert not together(undecided, RING[0]) & set(TWIN), "without a verdict it falls apart"
    apart = undecided.clusters().set_index("cluster_id")

    case = decide(made, RING[0], "confirmed")
    allow_the_bridge(made)
    report = made.refresh()
    assert together(made, RING[0]) == {*RING, *TWIN}
    assert home(made, RING[0]) == known_as
    assert made.case.show(case.case_id).clusters == (known_as,)
    assert (report.counts["decided_operators"], report.counts["decided_conflicts"]) == (1, 0)
    rows = made.snapshot().table("decided").to_pylist()
    kept = [row for row in rows if row["stands"] == "kept"]
    assert len(kept) == report.counts["decided_in"] == 12
    assert {row["case_id"] for row in rows} == {case.case_id}

    # The other half is a cluster of nobody any more, and of the whole only the half that was found is validated.
    row = made.clusters().set_index("cluster_id").loc[known_as]
    halves = apart.loc[apart.index.isin({home(undecided, RING[0]), home(undecided, TWIN[0])})]
    assert row["q_value"] >= halves["q_value"].min() - 1e-12
    # What its evidence says is what that half's says: a verdict raises neither score nor tier.
    for name in ("abuse_score", "linkage_score"):
        assert any(row[name] == pytest.approx(of_half) for of_half in halves[name]), name
    assert row["tier"] >= halves["tier"].min()
    members = made.members().set_index("account_id")
    names = made.names([row["account"] for row in kept])
    assert (members.loc[sorted(names.values()), "membership"] < 0.5).all()
    assert not members.loc[sorted(names.values()), "flagged"].any()
    assert any(f"the verdict of case {case.case_id} keeps 12 accounts in it" in told for told in row["top_reasons"])
    one = min(names.values())
    assert made.explain(account=one).section("decided").rows == (
        {"cluster_id": known_as, "account_id": one, "case_id": case.case_id, "stands": "kept"},
    )
    assert made.explain(cluster=known_as).section("decided").total == len(
        [row for row in rows if row["cluster_id"] == known_as]
    )


def test_an_incremental_refresh_goes_by_it_as_a_full_one(made: Workspace) -> None:
    decide(made, RING[0], "confirmed")
    assert made.refresh().status == "new"
    assert not made.snapshot().run.full, "a verdict is no ground to fit the null anew"
    incremental = made.members().drop(columns="refresh_id")
    made.refresh(full=True)
    assert incremental.equals(made.members().drop(columns="refresh_id"))


def test_a_verdict_that_evidence_bears_out_changes_no_table(made: Workspace) -> None:
    before = tables(made)
    first = made.snapshot().run
    decide(made, RING[0], "confirmed")
    report = made.refresh()
    assert report.status == "new", "a new verdict is noticed"
    assert made.refresh().status == "unchanged"
    after = tables(made)
    assert {name for name in after if after[name] != before.get(name)} <= {"lineage.parquet", "clusters.parquet"}
    assert made.snapshot().run.input_digest != first.input_digest
    assert (report.counts["decided_in"], report.counts["decided_out"]) == (0, 0)


@pytest.mark.parametrize("how", ["excluded", "benign", "compromised"])
def test_who_is_no_part_of_it_is_kept_apart_with_the_reason(made: Workspace, how: str) -> None:
    if how == "excluded":
        case = decide(made, RING[0], "confirmed", exclude=(RING[3], RING[4]))
    else:
        case = decide(made, RING[0], "confirmed")
        # The later of two verdicts has whom both name.
        decide(made, RING[0], how, exclude=tuple(sorted({*RING, *TWIN} - {RING[3], RING[4]})))
    report = made.refresh()
    assert report.counts["decided_conflicts"] == (0 if how == "excluded" else 2)
    assert (report.counts["decided_in"], report.counts["decided_out"]) == (0, 2)
    assert together(made, RING[0]) == {*RING, *TWIN} - {RING[3], RING[4]}
    assert RING[3] not in set(made.members()["account_id"])
    explained = made.explain(cluster=home(made, RING[0])).section("left_out").rows
    reasons = {row["account_id"]: row["reason"] for row in explained}
    assert reasons[RING[3]] == reasons[RING[4]] == f"is kept apart by the verdict of case {case.case_id}"

    made.acting_as("ann").case.reopen(case.case_id, "was it right?")
    made.refresh()
    assert RING[3] in together(made, RING[0]), "a verdict that is looked at again says nothing"
    assert not made.snapshot().has("decided")


def test_a_proposal_alone_says_nothing(made: Workspace) -> None:
    made.acting_as("ann").case.propose(home(made, RING[0]), "confirmed", ["shared_payment"], exclude=[RING[3]])
    assert made.refresh().status == "unchanged"


def test_two_operators_that_evidence_joins_stay_two(made: Workspace) -> None:
    one = decide(made, RING[0], "confirmed", exclude=tuple(TWIN))
    two = decide(made, RING[0], "confirmed", exclude=tuple(RING))
    made.refresh()
    assert together(made, RING[0]) == set(RING)
    assert together(made, TWIN[0]) == set(TWIN)
    for case in (one, two):
        made.acting_as("ann").case.reopen(case.case_id, "they are one")
    made.refresh()
    assert together(made, RING[0]) == {*RING, *TWIN}


def test_a_bundle_under_verdicts_is_computed_again(made: Workspace, tmp_path: Path) -> None:
    decide(made, RING[0], "confirmed", exclude=(RING[3],))
    allow_the_bridge(made)
    more = tmp_path / "more.csv"
    more.write_text("\n".join([rings.HEADER, *newcomers()]) + "\n", encoding="utf-8")
    assert not made.ingest(more).refused
    made.refresh()
    made.bundles.new_key()
    checked = {home(made, RING[0]), home(made, "new-00")}
    for cluster in sorted(checked):
        for profile in ("internal", "partner", "public"):
            path = made.bundles.export(cluster, profile=profile, output=tmp_path, recipient="a third").path
            report = made.bundles.verify(path, rerun=True)
            assert report.fault is None
            assert report.rerun == ("not possible" if profile == "public" else "agrees")
            cases = {case.case_id for case in made.case.list()}
            named = [
                file for file in path.rglob("*") if file.is_file() for one in cases if one.encode() in file.read_bytes()
            ]
            assert profile == "internal" or not named, named
    stands = [
        stand
        for path in sorted(tmp_path.glob("*-partner/data/records/decided.parquet"))
        for stand in pq.read_table(path)["stands"].to_pylist()
    ]
    assert {stand: stands.count(stand) for stand in set(stands)} == {"kept": 11, "apart": 11}, "half of it is elsewhere"
    followed = [pq.read_table(path) for path in tmp_path.glob("*-partner/data/records/followed.parquet")]
    assert sum(table.num_rows for table in followed) > 0
    assert {case for table in followed for case in table["case_id"].to_pylist()} == {"1"}


def test_who_follows_a_confirmed_operator_is_raised_and_nobody_else(made: Workspace, tmp_path: Path) -> None:
    without = Workspace(shutil.copytree(made.path, tmp_path / "without"), actor="tester")
    case = decide(made, RING[0], "confirmed")
    made.refresh()
    assert not made.snapshot().has("followed"), "nobody confirms themself"
    more = tmp_path / "more.csv"
    more.write_text("\n".join([rings.HEADER, *newcomers()]) + "\n", encoding="utf-8")
    for workspace in (made, without):
        workspace.ingest(more)
        workspace.refresh()
    assert FOLLOWERS not in set(without.snapshot().table("cluster_terms")["term"].to_pylist())
    cluster = home(made, "new-00")
    assert not {f"new-{at:02}" for at in range(12)} - together(made, "new-00")
    terms = [row for row in made.snapshot().table("cluster_terms").to_pylist() if row["term"] == FOLLOWERS]
    raised = {row["cluster_id"]: row for row in terms if row["points"] > 0}
    assert set(raised) == {cluster}
    assert 0 < raised[cluster]["points"] <= 3.0
    assert f"the own of case {case.case_id}, confirmed" in raised[cluster]["sentence"]
    told = made.clusters().set_index("cluster_id").loc[cluster, "top_reasons"]
    assert any(raised[cluster]["sentence"] in reason for reason in told)
    rows = made.snapshot().table("followed").to_pylist()
    assert set(made.names([row["account"] for row in rows]).values()) == {f"new-{at:02}" for at in range(12)}
    assert all(row["new"] for row in rows)
    listed = made.followers(case.case_id)
    assert set(listed["account_id"]) == {f"new-{at:02}" for at in range(12)}
    assert set(listed["cluster_id"]) == {cluster}
    assert listed.loc[0, "kinds"] == ["payment_instrument", "prompt_template"]
    assert len(listed.loc[0, "identifiers"]) == len(listed.loc[0, "identifier_ids"]) > 1
    assert not any("card-" in value for values in listed["identifiers"] for value in values), "values are masked"
    arguments = ["--workspace", str(made.path), "case", "followers", case.case_id, "--format", "csv"]
    assert main([*arguments, "--output", str(tmp_path / "listed.csv")]) == 0
    header, *lines = (tmp_path / "listed.csv").read_text(encoding="utf-8").splitlines()
    assert header.split(",") == list(listed.columns)
    assert len(lines) == 12
    assert main(["--workspace", str(made.path), "case", "followers", "k-none"]) == 2
    made.acting_as("ann").case.reopen(case.case_id, "was it right?")
    made.refresh()
    assert made.followers().empty


def test_what_is_allowed_or_public_by_now_raises_nobody(made: Workspace, tmp_path: Path) -> None:
    decide(made, RING[0], "confirmed")
    more = tmp_path / "more.csv"
    # Everybody comes to a task of the ring: it is public now.
    crowd = [f"2026-04-10T01:00:{at:02}Z,pair-{at:02}a,198.51.100.{at},home-{at},task-0" for at in range(60)]
    more.write_text("\n".join([rings.HEADER, *crowd]) + "\n", encoding="utf-8")
    made.ingest(more)
    made.refresh()
    points = {row["points"] for row in made.snapshot().table("cluster_terms").to_pylist() if row["term"] == FOLLOWERS}
    assert points == {0.0}
    made.allow.add("prompt_template", "task-0", reason="public")
    made.refresh()
    assert not made.snapshot().has("followed")


def test_a_verdict_whose_snapshot_cannot_be_read_is_named(made: Workspace) -> None:
    case = decide(made, RING[0], "confirmed")
    first = made.snapshot().path("members")
    assert made.refresh().unread == ()
    first.write_bytes(b"not a table")
    made.allow.add("payment_instrument", "home-0", reason="known")
    report = made.refresh()
    assert report.unread == (case.case_id,)
    assert report.counts["decided_unread"] == 1
