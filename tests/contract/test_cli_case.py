"""``linkage case``: one person proposes at a terminal, another approves, and every format says where it stands."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from linkage import Workspace
from linkage.cli import main
from tests.lib import small_world
from tests.lib.small_world import OFFICE, OFFICE_ACCOUNTS, RING, World

ACTIONS = ("open", "list", "show", "assign", "note", "propose", "approve", "return", "reopen", "close")


@pytest.fixture
def world(tmp_path: Path) -> World:
    return small_world.build(tmp_path / "w")


class Terminal:
    """Commands of the user who runs the tests, with what they wrote."""

    def __init__(self, world: World, capsys: pytest.CaptureFixture[str]) -> None:
        self.world, self.capsys = world, capsys

    def ends(self, *arguments: str) -> tuple[int, str, str]:
        self.capsys.readouterr()
        code = main(["--workspace", str(self.world.path), *arguments])
        said = self.capsys.readouterr()
        return code, said.out, said.err

    def rows(self, *arguments: str) -> Any:
        code, out, err = self.ends("case", *arguments, "--format", "json")
        assert (code, err) == (0, "")
        return json.loads(out)


@pytest.fixture
def terminal(world: World, capsys: pytest.CaptureFixture[str]) -> Terminal:
    return Terminal(world, capsys)


def test_the_actions_are_those_of_the_contract(terminal: Terminal) -> None:
    with pytest.raises(SystemExit) as ended:
        terminal.ends("case", "--help")
    assert ended.value.code == 0
    said = terminal.capsys.readouterr().out
    assert re.findall(r"^    (\w+)  ", said, re.MULTILINE) == list(ACTIONS)


def test_from_open_to_reinstated(terminal: Terminal, world: World) -> None:
    another = Workspace(world.path, actor="another").case
    me = Workspace(world.path).actor
    assert terminal.rows("list") == []
    case = terminal.rows("open", RING, "--note", "cards rotate")[0]["case_id"]
    assert terminal.rows("assign", case)[0]["assignee"] == me
    assert terminal.rows("assign", case, "--nobody")[0]["assignee"] is None
    terminal.rows("note", case, "seen it twice")
    row = terminal.rows(
        "propose", case, "--verdict", "confirmed", "--reason", "shared_payment", "--reason", "canary",
        "--exclude", "ring-12", "--expires", "2099-01-01",
    )[0]  # fmt: skip
    assert (row["status"], row["verdict"], row["reasons"]) == ("proposed", "confirmed", ["shared_payment", "canary"])
    assert (row["members"], row["excluded"], row["expires_at"]) == (11, 1, "2099-01-01T00:00:00Z")
    assert (row["proposed_by"], row["approved_by"]) == (me, None)
    another.approve(case)
    assert terminal.rows("list", "--status", "approved")[0]["approved_by"] == "another"
    assert terminal.rows("list", "--assignee", "nobody-has-it") == []
    assert terminal.rows("close", case)[0]["status"] == "closed"
    assert terminal.rows("reopen", case, "--appeal", "--note", "they wrote to us")[0]["status"] == "appealed"
    another.propose(case, "benign", ["test_accounts"])
    assert terminal.rows("approve", case, "--note", "checked")[0]["status"] == "reinstated"
    acts = terminal.rows("show", case)
    assert [act["revision"] for act in acts] == list(range(1, 11))
    assert acts[0] | {"at": ""} == {
        "revision": 1, "at": "", "actor": me, "act": "open", "said": [], "note": "cards rotate",
    }  # fmt: skip
    assert [act["said"] for act in acts if act["act"] in ("propose", "reopen")] == [
        ["confirmed", "shared_payment", "canary"], ["appeal"], ["benign", "test_accounts"],
    ]  # fmt: skip


def test_a_cluster_is_proposed_at_once_and_its_proposer_may_not_approve(terminal: Terminal) -> None:
    case = terminal.rows("propose", OFFICE, "--verdict", "benign", "--reason", "company")[0]["case_id"]
    code, out, err = terminal.ends("case", "approve", case)
    assert (code, out) == (2, "")
    assert "proposed by the same person" in err
    assert "Another person approves it" in err
    assert terminal.rows("return", case, "--note", "the wrong one")[0]["status"] == "returned"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["show", "k-none"], "no such case"),
        (["open", "c-none"], "no such cluster"),
        (["propose", RING, "--verdict", "benign", "--reason", "canary"], "They are: company"),
        (["propose", RING, "k-1", "--verdict", "benign", "--reason", "company"], "about clusters"),
        (["approve", "k-1", "--digest", ""], "fewer than 8"),
        (["propose", RING, "--verdict", "benign", "--reason", "other"], "needs a note"),
        (["propose", RING, "--verdict", "benign", "--reason", "company", "--exclude", "loner-01"], "no member"),
        (["propose", RING, "--verdict", "benign", "--reason", "company", "--allow", "cidr", "x"], "not a network"),
    ],
)
def test_what_cannot_be_done_ends_with_2_and_says_why(terminal: Terminal, arguments: list[str], words: str) -> None:
    code, out, err = terminal.ends("case", *arguments)
    assert (code, out) == (2, "")
    assert words in err
    assert "loner-01" not in err


def test_what_has_changed_is_refused_by_its_revision(terminal: Terminal) -> None:
    case = terminal.rows("open", RING)[0]
    terminal.rows("note", case["case_id"], "first")
    code, _, err = terminal.ends("case", "note", case["case_id"], "second", "--revision", str(case["revision"]))
    assert code == 2
    assert "has changed" in err


def test_a_table_names_the_case_and_what_was_done(terminal: Terminal) -> None:
    case = terminal.rows("propose", OFFICE, "--verdict", "benign", "--reason", "company", "--note", "{{7*7}}")[0]
    code, out, _ = terminal.ends("case", "show", case["case_id"])
    assert code == 0
    assert case["case_id"] in out
    assert "benign, company" in out
    assert "{{7*7}}" in out
    assert OFFICE_ACCOUNTS[0] not in out
    _, clusters, _ = terminal.ends("clusters")
    assert "proposed" in clusters


def test_several_are_proposed_at_once_and_approved_as_one(terminal: Terminal, world: World) -> None:
    why = ("--verdict", "benign", "--reason", "company", "--exclude", OFFICE_ACCOUNTS[0])
    code, out, err = terminal.ends("case", "propose", RING, OFFICE, *why, "--format", "json")
    assert code == 0
    assert [row["excluded"] for row in json.loads(out)] == [0, 1]
    named = re.fullmatch(r"linkage: done together as (b-[0-9a-f]{12}): 2 cases, 19 accounts, 1 excluded\n", err)
    assert named is not None
    assert terminal.ends("case", "approve", named[1])[0] == 2
    _, _, err = terminal.ends("case", "list", "--bulk", named[1])
    digest = err.split("digest ")[1].split()[0]
    terminal.rows("assign", json.loads(out)[0]["case_id"])
    code, _, err = terminal.ends("case", "return", named[1], "--note", "no", "--digest", digest)
    assert (code, "have changed" in err) == (2, True)
    assert terminal.ends("case", "return", named[1], "--note", "no", "--revision", "2")[0] == 2
    assert terminal.ends("case", "return", named[1], "--note", "taken back")[0] == 0
    assert {row["status"] for row in terminal.rows("list")} == {"returned"}
    assert terminal.ends("case", "propose", RING, OFFICE, *why, "--allow", "cidr", "192.0.2.0/24")[0] == 2
