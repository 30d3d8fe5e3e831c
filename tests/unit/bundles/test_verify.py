"""Whatever is done to a bundle is found, named, and ends with the exit code of the contract."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from linkage import Workspace
from linkage.bundles import bag, signing
from linkage.bundles.signing import Keys
from linkage.cli import main
from linkage.errors import BundleMalformed
from tests.lib import bundled

Copy = Callable[[], Path]


@pytest.fixture
def copy(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Copy:
    return lambda: bundled.copied(tmp_path_factory, "internal", tmp_path)


def signed_again(path: Path, key: signing.Key, *, name: str | None = None) -> None:
    """Make the manifests anew, and sign them with ``key``: what somebody does who has a key."""
    files = {
        file.relative_to(path / "data").as_posix(): file.read_bytes()
        for file in (path / "data").rglob("*")
        if file.is_file()
    }
    info = (path / bag.INFO).read_text()
    principal = name or key.principal
    signers = [f"{principal} {key.fingerprint}"]
    identifier = next(line for line in info.splitlines() if line.startswith("External-Identifier")).split(": ")[1]
    from datetime import date

    made = bag.bagged(files, identifier, date(2026, 1, 30), "0.1.0", signers)
    for tag in (*bag.TAGS, bag.TAG_MANIFEST):
        (path / tag).write_bytes(made[tag])
    shutil.rmtree(path / "signatures")
    (path / "signatures").mkdir()
    (path / "signatures" / f"{key.name}.sshsig").write_bytes(signing.sign(key, made[bag.TAG_MANIFEST]))


def test_a_good_bundle_is_good_as_a_folder_and_as_a_zip(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, capsys: pytest.CaptureFixture[str]
) -> None:
    workspace = bundled.workspace(tmp_path_factory)
    for profile in bundled.PROFILES:
        path = bundled.exported(tmp_path_factory, profile)
        zipped = workspace.bundles.export(
            bundled.cluster(tmp_path_factory), profile=profile, output=tmp_path, zipped=True, recipient="a partner"
        ).path
        for one in (path, zipped):
            report = bundled.verified(tmp_path_factory, one)
            assert report.fault is None
            assert report.profile == profile
            assert [counts for _, _, counts in report.signers] == [True]
    assert main(["--workspace", str(workspace.path), "bundle", "verify", str(path), "--rerun"]) == 0
    out = capsys.readouterr().out
    assert "not possible, a public bundle holds no records" in out
    assert out.rstrip().endswith("in agreement with itself")


def test_the_files_that_were_altered_added_deleted_renamed_or_swapped_are_named(
    copy: Copy, tmp_path_factory: pytest.TempPathFactory, capsys: pytest.CaptureFixture[str]
) -> None:
    path = copy()
    data = path / "data"
    (data / "finding.json").write_bytes((data / "finding.json").read_bytes() + b" ")
    (data / "extra.txt").write_text("x")
    (path / "unlisted.txt").write_text("x")
    (data / "privacy.json").unlink()
    (data / "notes.jsonl").rename(data / "notes.json")
    kinds, terms = data / "kinds.csv", data / "terms.csv"
    kinds_bytes, terms_bytes = kinds.read_bytes(), terms.read_bytes()
    kinds.write_bytes(terms_bytes)
    terms.write_bytes(kinds_bytes)
    report = bundled.verified(tmp_path_factory, path)
    assert dict(report.faults) == {
        "data/finding.json": "altered",
        "data/extra.txt": "added: no list has it",
        "unlisted.txt": "added: no list has it",
        "data/privacy.json": "missing",
        "data/notes.jsonl": "missing",
        "data/notes.json": "added: no list has it",
        "data/kinds.csv": "altered",
        "data/terms.csv": "altered",
    }
    assert report.fault is not None
    assert report.fault.exit_code == 20
    workspace = bundled.workspace(tmp_path_factory).path
    assert main(["--workspace", str(workspace), "bundle", "verify", str(path)]) == 20
    assert "data/privacy.json: missing" in capsys.readouterr().out


@pytest.mark.parametrize("name", ["bagit.txt", "bag-info.txt", "manifest-sha256.txt", "tagmanifest-sha256.txt"])
def test_every_tag_file_is_missed(copy: Copy, tmp_path_factory: pytest.TempPathFactory, name: str) -> None:
    path = copy()
    (path / name).unlink()
    report = bundled.verified(tmp_path_factory, path)
    assert (name, "missing") in report.faults
    assert report.fault is not None
    assert report.fault.exit_code == 20


def test_manifests_made_anew_are_not_what_was_signed(copy: Copy, tmp_path_factory: pytest.TempPathFactory) -> None:
    path = copy()
    (path / "data" / "finding.json").write_text("{}\n")
    lines = []
    for line in (path / "manifest-sha256.txt").read_text().splitlines():
        name = line.split("  ")[1]
        lines.append(f"{hashlib.sha256((path / name).read_bytes()).hexdigest()}  {name}\n")
    (path / "manifest-sha256.txt").write_text("".join(lines))
    tags = "".join(f"{hashlib.sha256((path / name).read_bytes()).hexdigest()}  {name}\n" for name in sorted(bag.TAGS))
    (path / "tagmanifest-sha256.txt").write_text(tags)
    report = bundled.verified(tmp_path_factory, path)
    assert "tagmanifest-sha256.txt" in dict(report.faults)
    assert report.fault is not None
    assert report.fault.exit_code == 20


def test_another_key_an_absent_signature_and_no_list_of_signers_are_not_trusted(
    copy: Copy, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = copy()
    stranger = Keys(tmp_path / "keys").new("stranger")
    signed_again(path, stranger)
    workspace = bundled.workspace(tmp_path_factory)
    assert main(["--workspace", str(workspace.path), "bundle", "verify", str(path)]) == 21
    # Under the name of somebody who is trusted, with the stranger's key.
    trusted = (workspace.path / "keys" / "allowed_signers").read_text().split()[0]
    signed_again(path, stranger, name=trusted)
    assert main(["--workspace", str(workspace.path), "bundle", "verify", str(path)]) == 21
    own = tmp_path / "keys" / "allowed_signers"
    assert (
        main(["--workspace", str(tmp_path / "none"), "bundle", "verify", str(path), "--allowed-signers", str(own)])
        == 21
    )
    signed_again(path, stranger)
    assert (
        main(["--workspace", str(tmp_path / "none"), "bundle", "verify", str(path), "--allowed-signers", str(own)]) == 0
    )
    assert main(["--workspace", str(tmp_path / "none"), "bundle", "verify", str(path)]) == 21
    assert not (tmp_path / "none").exists()
    for signature in (path / "signatures").iterdir():
        signature.unlink()
    assert (
        main(["--workspace", str(tmp_path / "none"), "bundle", "verify", str(path), "--allowed-signers", str(own)])
        == 21
    )


def test_a_removed_approval_shows(copy: Copy, tmp_path: Path) -> None:
    """Who must sign is in what is signed."""
    path = copy()
    keys = Keys(tmp_path / "keys")
    exporter, approver = keys.new("exporter"), keys.new("approver")
    signed_again(path, exporter)
    info = path / bag.INFO
    info.write_text(info.read_text() + f"{bag.SIGNER}: {approver.principal} {approver.fingerprint}\n")
    tags = "".join(f"{bag.digest((path / name).read_bytes())}  {name}\n" for name in sorted(bag.TAGS)).encode()
    (path / bag.TAG_MANIFEST).write_bytes(tags)
    for key in (exporter, approver):
        (path / "signatures" / f"{key.name}.sshsig").write_bytes(signing.sign(key, tags))
    bundles = Workspace(tmp_path / "none").bundles
    assert bundles.verify(path, allowed_signers=keys.allowed_signers).fault is None
    (path / "signatures" / f"{approver.name}.sshsig").unlink()
    report = bundles.verify(path, allowed_signers=keys.allowed_signers)
    assert report.fault is not None
    assert report.fault.exit_code == 21
    assert "approver" in report.fault.message


def test_a_signature_for_another_purpose_does_not_count(copy: Copy, tmp_path: Path) -> None:
    import subprocess

    path = copy()
    key = Keys(tmp_path / "keys").new("exporter")
    signed_again(path, key)
    command = ["ssh-keygen", "-q", "-Y", "sign", "-n", "file", "-f", str(key.path)]
    made = subprocess.run(command, input=(path / bag.TAG_MANIFEST).read_bytes(), check=True, capture_output=True).stdout
    (path / "signatures" / f"{key.name}.sshsig").write_bytes(made)
    report = Workspace(tmp_path / "none").bundles.verify(path, allowed_signers=tmp_path / "keys" / "allowed_signers")
    assert report.fault is not None
    assert report.fault.exit_code == 20


@pytest.mark.parametrize("profile", ["internal", "partner"])
def test_a_finding_that_its_records_do_not_give_is_found(
    profile: str, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Signed by somebody who is trusted, and wrong: a member taken out, or a score made larger."""
    path = bundled.copied(tmp_path_factory, profile, tmp_path)
    keys = Keys(tmp_path / "keys")
    key = keys.new("exporter")
    bundles = Workspace(tmp_path / "none").bundles
    finding = path / "data" / "finding.json"
    found = json.loads(finding.read_text())
    found["cluster"]["score"] += 0.1
    finding.write_text(json.dumps(found))
    signed_again(path, key)
    assert bundles.verify(path, allowed_signers=keys.allowed_signers).fault is None
    report = bundles.verify(path, allowed_signers=keys.allowed_signers, rerun=True)
    assert report.rerun == "differs"
    assert report.fault is not None
    assert report.fault.exit_code == 22
    assert any(one.startswith("score") for one in report.differences)


def test_a_bundle_of_another_method_is_not_called_wrong(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """What it claims was true for the program that made it, and cannot be seen by this one."""
    path = bundled.copied(tmp_path_factory, "internal", tmp_path)
    keys = Keys(tmp_path / "keys")
    finding = path / "data" / "finding.json"
    found = json.loads(finding.read_text())
    made_by = found["method"]["method"]
    found["method"]["method"] = "4"
    finding.write_text(json.dumps(found))
    signed_again(path, keys.new("exporter"))
    bundles = Workspace(tmp_path / "none").bundles
    assert bundles.verify(path, allowed_signers=keys.allowed_signers).fault is None
    with pytest.raises(BundleMalformed, match=f"method 4 made it, and this is method {made_by}"):
        bundles.verify(path, allowed_signers=keys.allowed_signers, rerun=True)


def test_signed_content_that_contradicts_itself_is_malformed(copy: Copy, tmp_path: Path) -> None:
    path = copy()
    keys = Keys(tmp_path / "keys")
    key = keys.new("exporter")
    members = pq.read_table(path / "data" / "members.parquet")
    pq.write_table(members.slice(1), path / "data" / "members.parquet")
    signed_again(path, key)
    report = Workspace(tmp_path / "none").bundles.verify(path, allowed_signers=keys.allowed_signers)
    assert report.fault is not None
    assert report.fault.exit_code == 23
    pq.write_table(members, path / "data" / "members.parquet")
    chain = path / "data" / "custody" / "chain.jsonl"
    chain.write_bytes(chain.read_bytes().replace(b'"accepted":', b'"accepted":1', 1))
    signed_again(path, key)
    report = Workspace(tmp_path / "none").bundles.verify(path, allowed_signers=keys.allowed_signers)
    assert report.faults == (("data/custody/chain.jsonl", "entry 1 differs from its digest"),)


def test_the_finding_comes_out_again_offline_for_every_cluster(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    import socket

    def refuse(*_: object) -> None:
        raise AssertionError("a network was asked for")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    workspace = bundled.workspace(tmp_path_factory)
    for cluster in workspace.clusters()["cluster_id"]:
        for profile in ("internal", "partner"):
            made = workspace.bundles.export(cluster, profile=profile, output=tmp_path)
            report = bundled.verified(tmp_path_factory, made.path, rerun=True)
            assert (report.rerun, report.fault) == ("agrees", None)


def test_what_a_verb_cannot_do_is_said(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    workspace = bundled.workspace(tmp_path_factory)
    root = ["--workspace", str(workspace.path)]
    export = [*root, "bundle", "export", "--output", str(tmp_path)]
    assert main([*export, "c-none", "--profile", "internal"]) == 2
    assert main([*root, "key", "new"]) == 2
    assert main([*root, "bundle", "verify", str(tmp_path / "nothing")]) == 23
    assert main([*root, "bundle", "verify", str(tmp_path)]) == 23
    assert main([*root, "bundle", "verify", str(tmp_path), "--allowed-signers", str(tmp_path / "nobody")]) == 2
    short = tmp_path / "short.key"
    short.write_bytes(b"short")
    cluster = bundled.cluster(tmp_path_factory)
    assert main([*export, cluster, "--profile", "partner", "--exchange-key", str(short)]) == 2
    assert (
        main(["--workspace", str(tmp_path / "new"), "bundle", "export", "c-1", "--profile", "public", "--output", "x"])
        == 11
    )


def test_tables_of_a_bundle_are_of_the_types_that_its_schema_says(tmp_path_factory: pytest.TempPathFactory) -> None:
    import json

    path = bundled.exported(tmp_path_factory, "partner") / "data"
    types = {
        "BIGINT": pa.int64(), "INTEGER": pa.int32(), "DOUBLE": pa.float64(), "BOOLEAN": pa.bool_(),
        "VARCHAR": pa.string(), "TIMESTAMP": pa.timestamp("us"), "DATE": pa.date32(),
    }  # fmt: skip
    for name, table in json.loads((path / "schema" / "tables.json").read_text()).items():
        found = pq.read_schema(path / f"{name}.parquet")
        for column in table["columns"]:
            assert found.field(column["name"]).type == types[column["type"]], (name, column["name"])
