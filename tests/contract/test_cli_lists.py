"""The lists of the contract through the command line: columns, order, formats, exit codes."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from linkage.cli import main
from tests.lib import small_world
from tests.lib.small_world import HOSTILE, NAMES, OFFICE, RING, World

CLUSTERS = [
    *("refresh_id", "cluster_id", "size", "score", "linkage_score", "abuse_score", "q_value", "tier", "flagged"),
    *("events", "tokens", "cost_usd_micros", "first_seen", "last_seen", "kinds", "top_reasons", "lineage"),
    "case_status",
]
MEMBERS = [
    *("refresh_id", "cluster_id", "account_id", "membership", "role", "cluster_score", "q_value", "tier", "flagged")
]
LINEAGE = ["refresh_id", "cluster_id", "event", "parent_refresh_id", "parent_cluster_id", "overlap"]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    return small_world.build(tmp_path_factory.mktemp("world") / "workspace")


class Answer:
    """What a command wrote, and how it ended."""

    def __init__(self, code: int, out: str, err: str) -> None:
        self.code, self.out, self.err = code, out, err

    def rows(self) -> list[dict[str, str]]:
        return list(csv.DictReader(io.StringIO(self.out, newline="")))


@pytest.fixture
def ask(capsys: pytest.CaptureFixture[str]):  # type: ignore[no-untyped-def]
    def run(world: World | Path, *arguments: str) -> Answer:
        path = world.path if isinstance(world, World) else world
        capsys.readouterr()
        code = main(["--workspace", str(path), *arguments])
        captured = capsys.readouterr()
        return Answer(code, captured.out, captured.err)

    return run


def test_clusters_have_exactly_the_columns_of_the_contract_highest_score_first(ask, world: World) -> None:
    answer = ask(world, "clusters", "--format", "csv")
    assert answer.code == 0
    assert answer.err == ""
    assert answer.out.split("\r\n")[0].split(",") == CLUSTERS
    rows = answer.rows()
    assert [row["cluster_id"] for row in rows] == [RING, NAMES, OFFICE]
    assert rows[0] == {
        "refresh_id": world.refresh_id,
        "cluster_id": RING,
        "size": "12",
        "score": "0.98",
        "linkage_score": "6.25",
        "abuse_score": "6.0",
        "q_value": "0.001",
        "tier": "1",
        "flagged": "true",
        "events": "6000",
        "tokens": "300000",
        "cost_usd_micros": "42000",
        "first_seen": "2026-03-01T00:00:00Z",
        "last_seen": "2026-03-21T00:00:00Z",
        "kinds": '["ip_address", "payment_instrument", "prompt_template"]',
        "top_reasons": '["rotating cards (+4.0)", "one template (+2.5)", "small size (-0.5)"]',
        "lineage": "new",
        "case_status": "",
    }


def test_members_are_in_rank_order_and_flagged_from_half_a_membership(ask, world: World) -> None:
    answer = ask(world, "members", "--format", "json")
    rows = json.loads(answer.out)
    assert list(rows[0]) == MEMBERS
    assert [row["cluster_id"] for row in rows] == [RING] * 12 + [NAMES] * 5 + [OFFICE] * 8
    assert [row["account_id"] for row in rows[:12]] == [f"ring-{number:02}" for number in range(1, 13)]
    assert [row["account_id"] for row in rows[12:17]] == sorted(HOSTILE)
    assert [row["flagged"] for row in rows[:12]] == [True] * 11 + [False]
    assert not any(row["flagged"] for row in rows[12:])
    assert len({row["account_id"] for row in rows}) == len(rows)
    only = json.loads(ask(world, "members", OFFICE, "--format", "json").out)
    assert only == rows[17:]


def test_lineage_has_exactly_the_columns_of_the_contract(ask, world: World) -> None:
    rows = json.loads(ask(world, "lineage", "--format", "json").out)
    assert list(rows[0]) == LINEAGE
    assert {row["event"] for row in rows} == {"new"}
    assert {row["overlap"] for row in rows} == {None}


@pytest.mark.parametrize(
    "verb",
    [["clusters"], ["members"], ["lineage"], ["lookup", "ring-01", "198.51.100.10"], ["paths", "ring-01", "loner-02"]],
)
def test_every_format_says_the_same(ask, world: World, tmp_path: Path, verb: list[str]) -> None:
    rows = json.loads(ask(world, *verb, "--format", "json").out)
    for ending in ("json", "csv", "parquet", "txt"):
        answer = ask(world, *verb, "--output", str(tmp_path / f"out.{ending}"))
        assert (answer.code, answer.out) == (0, "")
    assert json.loads((tmp_path / "out.json").read_text(encoding="utf-8")) == rows
    with (tmp_path / "out.csv").open(encoding="utf-8", newline="") as stream:
        listed = list(csv.DictReader(stream))
    table = pq.read_table(tmp_path / "out.parquet")
    assert table.column_names == list(rows[0]) == list(listed[0])
    assert table.num_rows == len(rows) == len(listed)
    for name in table.column_names:
        assert [row[name] for row in listed] == [_text(row[name]) for row in rows], name
    if "account_id" in rows[0]:
        assert table.column("account_id").to_pylist() == [row["account_id"] for row in rows]
    assert (tmp_path / "out.txt").read_text(encoding="utf-8").count("\n") >= len(rows)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out.csv", "out.json", "out.parquet", "out.txt"]


def _text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    return json.dumps(value, ensure_ascii=False) if isinstance(value, list) else str(value)


def test_csv_is_rfc_4180_and_hostile_names_come_back_as_they_are(ask, world: World) -> None:
    answer = ask(world, "members", NAMES, "--format", "csv")
    assert answer.out.endswith("\r\n")
    assert "\n" not in answer.out.replace("\r\n", "")
    assert sorted(row["account_id"] for row in answer.rows()) == sorted(HOSTILE)
    assert sorted(row["account_id"] for row in json.loads(ask(world, "members", NAMES, "--format", "json").out)) == (
        sorted(HOSTILE)
    )
    kinds = json.loads(ask(world, "explain", "--cluster", RING, "--format", "json").out)["sections"]["evidence"]["rows"]
    assert small_world.TEMPLATE in [row["identifier"] for row in kinds]


def test_a_table_shows_what_would_steer_the_terminal_as_text(ask, world: World) -> None:
    out = ask(world, "members", NAMES).out
    assert "\u202e" not in out
    assert "\\u202eltr.exe" in out
    assert "=cmd|' /C calc'!A0" in out


def test_ids_are_whole_where_there_is_no_terminal(ask, world: World) -> None:
    out = ask(world, "clusters").out
    for cluster in (RING, OFFICE, NAMES):
        assert cluster in out
    assert "…" not in out
    assert len({len(line) for line in out.splitlines() if line.strip()}) == 1


def test_two_calls_give_the_same_bytes(ask, world: World) -> None:
    for verb in (
        ["clusters"],
        ["members"],
        ["lineage"],
        ["explain", "--cluster", RING],
        ["lookup", "100.64.0.1"],
        ["paths", "ring-01", "loner-02"],
    ):
        for format_ in ("table", "csv", "json"):
            assert ask(world, *verb, "--format", format_).out == ask(world, *verb, "--format", format_).out


def test_without_a_snapshot_every_reading_verb_ends_with_11(ask, tmp_path: Path) -> None:
    for verb in (
        ["clusters"],
        ["members"],
        ["lineage"],
        ["lookup", "x"],
        ["explain", "--account", "a"],
        ["paths", "a", "b"],
    ):
        answer = ask(tmp_path / "nothing", *verb)
        assert answer.code == 11
        assert answer.out == ""
        assert answer.err.startswith("linkage: error: ")
        assert "linkage: hint: " in answer.err
    assert not (tmp_path / "nothing").exists()


def test_nothing_to_list_is_a_header_or_an_empty_array(ask, tmp_path: Path) -> None:
    world = small_world.build(tmp_path / "w")
    empty = {
        name: table if name in ("accounts", "identifiers", "sightings", "null_maxima") else table.slice(0, 0)
        for name, table in world.tables.items()
    }
    small_world.publish(world.path, "r-000000000002", empty, world.refresh_id)
    for verb, columns in (("clusters", CLUSTERS), ("members", MEMBERS), ("lineage", LINEAGE)):
        assert ask(world, verb, "--format", "csv").out == ",".join(columns) + "\r\n"
        assert json.loads(ask(world, verb, "--format", "json").out) == []
        assert ask(world, verb).code == 0
        target = tmp_path / f"{verb}.parquet"
        assert ask(world, verb, "--output", str(target)).code == 0
        assert pq.read_table(target).column_names == columns


def test_wrong_calls_end_with_2(ask, world: World, tmp_path: Path) -> None:
    for arguments in (
        ["clusters", "--format", "parquet"],
        ["clusters", "--output", str(tmp_path / "out.xlsx")],
        ["clusters", "--output", str(tmp_path / "no" / "folder" / "out.csv")],
        ["members", "c-nothere"],
        ["explain", "--account", "nobody"],
        ["explain", "--pair", "ring-01", "ring-01"],
        ["lookup", "10.0.0.0/7"],
        ["paths", "ring-01", "ring-01"],
        ["paths", "ring-01", "nobody"],
    ):
        answer = ask(world, *arguments)
        assert (answer.code, answer.out) == (2, ""), arguments
        assert answer.err.startswith("linkage: error: ")
    for arguments in (
        ["nonsense"],
        [],
        ["explain"],
        ["clusters", "--format", "xml"],
        ["refresh", "--as-of", "2026-04-01"],
    ):
        with pytest.raises(SystemExit) as ended:
            main(["--workspace", str(world.path), *arguments])
        assert ended.value.code == 2


def test_an_unknown_refresh_ends_with_11_and_a_kept_one_is_served(ask, tmp_path: Path) -> None:
    world = small_world.build(tmp_path / "w")
    small_world.publish(world.path, "r-000000000002", world.tables, world.refresh_id)
    assert json.loads(ask(world, "clusters", "--format", "json").out)[0]["refresh_id"] == "r-000000000002"
    old = ask(world, "clusters", "--format", "json", "--refresh", world.refresh_id)
    assert json.loads(old.out)[0]["refresh_id"] == world.refresh_id
    assert ask(world, "clusters", "--refresh", "r-ffffffffffff").code == 11


def test_lineage_from_one_refresh_to_a_later_one(ask, tmp_path: Path) -> None:
    world = small_world.build(tmp_path / "w")
    second, third = "r-000000000002", "r-000000000003"
    small_world.publish(world.path, second, world.tables, world.refresh_id)
    small_world.publish(world.path, third, world.tables, second)

    def refreshes(*options: str) -> list[str]:
        rows = json.loads(ask(world, "lineage", "--format", "json", *options).out)
        return list(dict.fromkeys(row["refresh_id"] for row in rows))

    assert refreshes() == [third]
    assert refreshes("--from", world.refresh_id) == [second, third]
    assert refreshes("--from", world.refresh_id, "--to", second) == [second]
    assert refreshes("--from", second, "--to", second) == []
    assert ask(world, "lineage", "--from", third, "--to", second).code == 2


def test_a_damaged_snapshot_is_replaced_by_the_one_before_and_said_so(ask, tmp_path: Path) -> None:
    world = small_world.build(tmp_path / "w")
    small_world.publish(world.path, "r-000000000002", world.tables, world.refresh_id)
    path = world.path / "snapshots" / "r-000000000002" / "sightings.parquet"
    data = bytearray(path.read_bytes())
    data[50] ^= 4
    path.write_bytes(data)
    answer = ask(world, "clusters", "--format", "json")
    assert answer.code == 0
    assert json.loads(answer.out)[0]["refresh_id"] == world.refresh_id
    assert "warning" in answer.err
    assert ask(world, "clusters", "--refresh", "r-000000000002").code == 20
    doctor = ask(world, "doctor", "--format", "json")
    assert doctor.code == 20
    failed = [check for check in json.loads(doctor.out) if check["status"] == "fail"]
    assert {check["check"] for check in failed} == {"snapshot r-000000000002", "current snapshot"}


def test_a_purged_account_shows_as_purged(ask, tmp_path: Path) -> None:
    world = small_world.build(tmp_path / "w")
    small_world.write_identities(world.path / "lake", without=("ring-01",))
    rows = json.loads(ask(world, "members", RING, "--format", "json").out)
    assert "purged:1" in [row["account_id"] for row in rows]
    assert ask(world, "explain", "--account", "purged:1").code == 0
    assert ask(world, "explain", "--account", "ring-01").code == 2


def test_another_workspace_can_be_named_in_the_environment_and_after_the_verb(
    ask, world: World, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    expected = ask(world, "clusters").out
    monkeypatch.setenv("LINKAGE_WORKSPACE", str(world.path))
    assert main(["clusters"]) == 0
    assert capsys.readouterr().out == expected
    monkeypatch.setenv("LINKAGE_WORKSPACE", str(tmp_path / "none"))
    assert main(["clusters", "--workspace", str(world.path)]) == 0
    assert capsys.readouterr().out == expected
