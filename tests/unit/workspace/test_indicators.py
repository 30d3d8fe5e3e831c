"""Partners' reports: exported here under a key that both hold, imported there, and told where they match."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from linkage import Workspace
from linkage.cli import main
from linkage.errors import InputRefused, NotAllowed, UsageError
from linkage.scoring.watch_list import WATCH_LIST
from tests.unit.refresh import test_allowed as rings

SOURCE = "Lab A"
#: Where the two houses see the same operator: its addresses and its tasks, and neither cards nor accounts.
RENAMED = (
    ("ring-", "their-"),
    ("card-", "paid-"),
    ("pair-", "other-"),
    ("home-", "flat-"),
    ("198.51.100.", "192.0.2."),
)


@dataclass(frozen=True)
class Houses:
    """Two workspaces with one operator in both, and what the first gave to the second."""

    one: Workspace
    other: Path
    key: Path
    bundle: Path

    @property
    def file(self) -> Path:
        return self.bundle / "data" / "indicators.csv"

    def copy(self, folder: Path) -> Workspace:
        """The second house, before anything was imported."""
        return Workspace(shutil.copytree(self.other, folder / "w"), actor="tester")


def elsewhere() -> list[str]:
    lines = rings.rows()
    for here, there in RENAMED:
        lines = [line.replace(here, there) for line in lines]
    return lines


def ring(workspace: Workspace, account: str) -> str:
    return str(workspace.members().set_index("account_id").loc[account, "cluster_id"])


@pytest.fixture(scope="module")
def houses(tmp_path_factory: pytest.TempPathFactory) -> Houses:
    root = tmp_path_factory.mktemp("houses")
    one, other = rings.workspace(root / "one", rings.rows()), rings.workspace(root / "other", elsewhere())
    one.refresh()
    other.refresh()
    (key := root / "exchange.key").write_bytes(b"a key that both houses hold, 32 b")
    one.bundles.new_key()
    made = one.bundles.export(
        ring(one, "ring-00"), profile="partner", output=root, recipient="the other", exchange_key=key
    )
    return Houses(one, other.path, key, made.path)


@pytest.fixture(scope="module")
def told(houses: Houses, tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """The second house, refreshed after the import; only to be read."""
    made = houses.copy(tmp_path_factory.mktemp("told"))
    report = made.indicators.import_(houses.file, source=SOURCE, exchange_key=houses.key)
    assert (report.status, report.read, report.duplicate, report.refused) == ("imported", report.accepted, 0, ())
    # Four addresses and five tasks are the same in both; six cards are not.
    assert (report.accepted, report.matched) == (15, 9)
    assert made.refresh().status == "new"
    return made


def terms(workspace: Workspace, cluster: str) -> dict[str, dict[str, object]]:
    rows = workspace.snapshot().table("cluster_terms").to_pylist()
    return {row["term"]: row for row in rows if row["cluster_id"] == cluster}


def test_the_cluster_there_shows_whose_list_it_is_on_and_ranks_by_it(houses: Houses, told: Workspace) -> None:
    before, cluster = Workspace(houses.other), ring(told, "their-00")
    assert WATCH_LIST not in terms(before, cluster), "nobody has reported anything yet"
    term = terms(told, cluster)[WATCH_LIST]
    assert (term["points"], term["observed"]) == (3.0, 9.0)
    assert term["sentence"] == (
        "9 identifiers of their own are on the watch list of Lab A; 100% of the members use them"
    )
    row, earlier = (found.clusters().set_index("cluster_id").loc[cluster] for found in (told, before))
    assert row["score"] > earlier["score"]
    assert row["linkage_score"] == earlier["linkage_score"], "a report ties nobody"
    assert any("on the watch list of Lab A" in reason for reason in row["top_reasons"])
    assert told.indicators.by_cluster() == {cluster: (SOURCE,)}


def test_explanations_list_what_was_reported_with_its_times_masked(
    told: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    cluster = ring(told, "their-00")
    sections = {section.name: section for section in told.explain(cluster=cluster).sections}
    listed = sections["watch_lists"]
    assert listed.sentences == ("On the watch list of Lab A.",)
    assert len(listed.rows) == 9
    assert {row["identifier"] for row in listed.rows if row["kind"] == "ip_address"} == {"203.0.113.•"}
    assert all(row["reported_first"] is not None for row in listed.rows)
    account = {section.name: section for section in told.explain(account="their-00").sections}
    assert len(account["watch_lists"].rows) == 4
    stranger = told.explain(account="other-00a").sections
    assert "watch_lists" not in {section.name for section in stranger}
    assert main(["--workspace", str(told.path), "clusters"]) == 0
    assert "on the watch list of" in capsys.readouterr().out
    matches = told.indicators.matches().to_pylist()
    assert {name for row in matches for name in row["account_ids"]} == {f"their-{at:02}" for at in range(12)}


def test_the_refresh_comes_out_of_its_bundles_again_and_they_do_not_say_whose_list(
    houses: Houses, told: Workspace, tmp_path: Path
) -> None:
    made = Workspace(shutil.copytree(told.path, tmp_path / "w"), actor="tester")
    made.bundles.new_key()
    cluster = ring(made, "their-00")
    for profile in ("internal", "partner", "public"):
        path = made.bundles.export(cluster, profile=profile, output=tmp_path, recipient="a third").path
        report = made.bundles.verify(path, rerun=True)
        assert report.fault is None
        assert report.rerun == ("not possible" if profile == "public" else "agrees")
        named = [file for file in path.rglob("*") if file.is_file() and SOURCE.encode() in file.read_bytes()]
        assert bool(named) == (profile == "internal"), named
    records = pq.read_table(
        tmp_path / made.bundles.verify(path).name.replace("public", "partner") / "data/records/watched.parquet"
    )
    assert set(records["source"].to_pylist()) == {"source 1"}


def test_the_same_file_twice_changes_nothing_and_removal_puts_it_back(houses: Houses, tmp_path: Path) -> None:
    made = houses.copy(tmp_path)
    first = made.snapshot().refresh_id
    assert made.refresh().status == "unchanged", "where nothing is imported, nothing changes"
    listed = made.indicators.import_(houses.file, source=SOURCE, exchange_key=houses.key)
    second = made.refresh().refresh_id
    again = made.indicators.import_(houses.bundle / "data/interop/stix-2.1.json")
    assert (again.status, again.source, again.accepted, again.duplicate) == ("unchanged", SOURCE, 0, 15)
    assert made.refresh().status == "unchanged"
    assert second != first
    (row,) = made.indicators.list().to_pylist()
    assert (row["source"], row["indicators"], row["matched"], row["key_held"]) == (SOURCE, 15, 9, True)
    (gone,) = made.indicators.remove(SOURCE)
    assert gone.list_id == listed.list_id
    assert made.refresh().status == "new"
    assert made.indicators.by_cluster() == {}
    assert WATCH_LIST not in terms(made, ring(made, "their-00"))
    actions = [entry.action for entry in made.audit() if entry.action.startswith("indicators.")]
    assert actions == ["indicators.import", "indicators.remove"]
    with pytest.raises(UsageError, match="no such watch list"):
        made.indicators.remove(SOURCE)
    # Whoever has the database has no value of an identifier: the key lies beside it, for its owner only.
    (key,) = (made.path / "keys" / "exchange").iterdir()
    assert key.stat().st_mode & 0o777 == 0o600


def test_a_report_that_holds_longer_outlives_the_list_that_was_there(
    houses: Houses, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made = houses.copy(tmp_path)
    soon, late = (datetime.now(UTC).replace(microsecond=0) + timedelta(hours=hours) for hours in (1, 2))

    def take(expires: datetime | None) -> tuple[str, int, datetime | None]:
        report = made.indicators.import_(houses.file, source=SOURCE, exchange_key=houses.key, expires=expires)
        return report.status, report.accepted, report.ends_at

    assert take(soon) == ("imported", 15, soon)
    assert take(soon) == ("unchanged", 0, soon)
    assert take(late) == ("imported", 15, late)
    assert len(made.indicators.watched(soon)[0]) == 9, "the later end holds when the earlier has come"
    assert len(made.indicators.watched(soon - timedelta(minutes=1))[0]) == 9, "each identifier once a source"
    command = ["--workspace", str(made.path), "indicators", "import", str(houses.file), "--expires"]
    assert main([*command, soon.isoformat()]) == 0
    assert f"already there, ends at {late:%Y-%m-%dT%H:%M:%S}" in capsys.readouterr().err
    first, second = made.indicators.entries()
    made.indicators.remove(first.list_id if first.expires_at == late else second.list_id)
    assert len(made.indicators.watched(soon - timedelta(minutes=1))[0]) == 9, "the other list stays"
    assert take(None) == ("imported", 15, None)
    assert len(made.indicators.watched(late)[0]) == 9
    assert main([*command, late.isoformat()]) == 0
    assert "already there, and has no end" in capsys.readouterr().err


def test_a_list_ends_and_one_whose_key_is_gone_is_said_to_match_nothing(
    houses: Houses, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made = houses.copy(tmp_path)
    end = datetime.now(UTC) + timedelta(hours=1)
    made.indicators.import_(houses.file, source=SOURCE, exchange_key=houses.key, expires=end)
    assert len(made.indicators.watched(end - timedelta(minutes=1))[0]) == 9
    assert made.indicators.watched(end) == ((), ())
    (key,) = (made.path / "keys" / "exchange").iterdir()
    key.unlink()
    report = made.refresh()
    assert (report.status, report.unmatched) == ("unchanged", (SOURCE,))
    assert main(["--workspace", str(made.path), "refresh"]) == 0
    assert "exchange key is gone: the watch lists of Lab A" in capsys.readouterr().err
    assert main(["--workspace", str(made.path), "indicators", "list"]) == 0
    assert "match nothing: Lab A" in capsys.readouterr().err
    (check,) = [check for check in made.doctor() if check.name == "watch lists"]
    assert (check.status, "Lab A" in check.finding) == ("warn", True)
    (made.path / "casework.sqlite").write_bytes(b"this is not a database, " * 100)
    (check,) = [check for check in made.doctor() if check.name == "watch lists"]
    assert (check.status, check.exit_code) == ("fail", 20), "that it could not be looked at is said"


def test_what_is_allowed_here_is_no_evidence_whoever_reports_it(houses: Houses, tmp_path: Path) -> None:
    made = houses.copy(tmp_path)
    made.indicators.import_(houses.file, source=SOURCE, exchange_key=houses.key)
    made.allow.add("cidr", "203.0.113.0/24", reason="our own exits")
    made.refresh()
    assert set(made.snapshot().table("watched")["kind"].to_pylist()) == {"prompt_template"}


def test_who_may_and_what_is_missing_is_said(
    houses: Houses, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made = houses.copy(tmp_path)
    with pytest.raises(UsageError, match="does not hold the exchange key"):
        made.indicators.import_(houses.file, source=SOURCE)
    with pytest.raises(UsageError, match="whose indicators"):
        made.indicators.import_(houses.file, exchange_key=houses.key)
    with pytest.raises(UsageError, match="letters, digits"):
        made.indicators.import_(houses.file, source="<script>", exchange_key=houses.key)
    with pytest.raises(UsageError, match="no such file of indicators"):
        made.indicators.import_(tmp_path / "none.csv", source=SOURCE, exchange_key=houses.key)
    (wrong := tmp_path / "wrong.key").write_bytes(b"w" * 32)
    with pytest.raises(InputRefused, match="another exchange key"):
        made.indicators.import_(houses.file, source=SOURCE, exchange_key=wrong)
    (broken := tmp_path / "broken.csv").write_text(houses.file.read_text() + f"ip_address,,{'a' * 63},,,\n")
    command = ["--workspace", str(made.path), "indicators", "import", str(broken), "--source", SOURCE]
    assert main([*command, "--exchange-key", str(houses.key), "--format", "csv"]) == 0
    out, err = capsys.readouterr()
    assert out.splitlines()[1].endswith(",16,15,0,1,9,0")
    assert "set aside: record 16 holds no HMAC-SHA256 in hex (exchange)" in err
    assert main(["--workspace", str(made.path), "indicators", "import", str(wrong), "--source", SOURCE]) == 10
    (made.path / "linkage.toml").write_text('[access.roles]\nann = "investigator"\n', encoding="utf-8")
    for act in (lambda one: one.import_(houses.file), lambda one: one.remove(SOURCE)):
        with pytest.raises(NotAllowed, match="change watch lists"):
            act(Workspace(made.path, actor="ann").indicators)
