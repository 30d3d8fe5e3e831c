"""Keys of pseudonyms: names can be resolved as long as theirs is there, and by nobody after."""

from __future__ import annotations

import ipaddress
import os
import shutil
from datetime import timedelta
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from linkage import Workspace
from linkage.cli import main
from linkage.errors import NotAllowed, UsageError
from tests.lib import bundled


def test_a_name_is_resolved_until_its_key_is_destroyed_and_by_nobody_after(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, capsys: pytest.CaptureFixture[str]
) -> None:
    made = Workspace(shutil.copytree(bundled.workspace(tmp_path_factory).path, tmp_path / "w"))
    cluster = bundled.cluster(tmp_path_factory)

    def export(folder: str) -> Path:
        return made.bundles.export(cluster, profile="partner", output=tmp_path / folder, recipient="Lab C").path

    names = pq.read_table(export("one") / "data" / "members.parquet")["account_id"].to_pylist()
    identifiers = pq.read_table(next((tmp_path / "one").iterdir()) / "data" / "records" / "identifiers.parquet")
    ip, network = next((row["value"], row["prefix"]) for row in identifiers.to_pylist() if row["kind"] == "ip_address")
    (key,) = [row for row in made.keys.list().to_pylist() if row["recipient"] == "Lab C"]
    assert (key["use"], key["subject"], key["bundles"], key["destroyed_at"]) == ("pseudonyms", cluster, 1, None)
    stranger = f"account-{'0' * 20}"
    found = made.keys.resolve([names[0], ip, "account-00", network, stranger], reason="they asked").to_pylist()
    assert found[0]["value"] in set(made.members(cluster)["account_id"])
    assert (found[1]["kind"], found[2]["value"]) == ("ip_address", None)
    assert (found[3]["kind"], found[1]["why"], found[3]["why"]) == ("prefix", None, None)
    assert ipaddress.ip_address(found[1]["value"]) in ipaddress.ip_network(found[3]["value"])
    assert [row["why"].split(":")[0] for row in (found[2], found[4])] == [
        "it is no pseudonym", "it is of no key that is left, or was purged"
    ]  # fmt: skip
    assert made.audit()[-1].action == "reveal"
    command = ["--workspace", str(made.path), "key"]
    assert main([*command, "destroy", key["key_id"], "--reason", "the matter is closed"]) == 0
    assert capsys.readouterr().out == f"{key['key_id']}\n"
    entry = made.audit()[-1]
    assert (entry.action, entry.subject) == ("key.destroy", key["key_id"])
    assert entry.detail == {"reason": "the matter is closed", "use": "pseudonyms"}
    assert main([*command, "resolve", names[0], "--reason", "they asked again"]) == 0
    assert "of no key that is left" in capsys.readouterr().err
    listed = {row["key_id"]: row for row in made.keys.list().to_pylist()}
    assert listed[key["key_id"]]["destroyed_by"] == made.actor
    again = pq.read_table(export("two") / "data" / "members.parquet")["account_id"].to_pylist()
    assert not set(names) & set(again), "the same accounts have other names from then on"
    with pytest.raises(UsageError, match="no such key"):
        made.keys.destroy(key["key_id"], reason="once more")
    with pytest.raises(UsageError, match="needs a reason"):
        made.keys.destroy(key["key_id"], reason=" ")


def test_keys_that_were_not_used_for_long_are_destroyed_together(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    made = Workspace(shutil.copytree(bundled.workspace(tmp_path_factory).path, tmp_path / "w"))
    folder = made.path / "keys" / "pseudonyms"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for number, name in enumerate(("old", "new")):
        (folder / f"{name}.key").write_bytes(bytes([number]) * 32)
    os.utime(folder / "old.key", (0, 0))
    gone = made.keys.destroy(unused_for=timedelta(days=365), reason="a year has passed")
    assert len(gone) == 1
    assert [path.name for path in folder.iterdir()] == ["new.key"]
    assert made.keys.destroy(unused_for=timedelta(days=365), reason="a year has passed") == ()
    for wrong in ({}, {"key_id": "x", "unused_for": timedelta(1)}):
        with pytest.raises(UsageError, match="either"):
            made.keys.destroy(**wrong, reason="r")  # type: ignore[arg-type]
    (made.path / "linkage.toml").write_text('[access.roles]\nann = "approver"\n', encoding="utf-8")
    with pytest.raises(NotAllowed, match="destroy keys"):
        Workspace(made.path, actor="ann").keys.destroy(unused_for=timedelta(1), reason="r")
