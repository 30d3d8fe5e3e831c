"""What a bundle holds, and that the tools of others accept it."""

from __future__ import annotations

import csv
import io
import json
import re
import shutil
import subprocess
from collections.abc import Callable
from datetime import datetime
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import bagit
import networkx as nx
import pyarrow as pa
import pyarrow.parquet as pq
import pypdf
import pytest
import stix2validator
from hypothesis import given
from hypothesis import strategies as st

from linkage import Workspace
from linkage.bundles.writing import comma_separated
from linkage.errors import ConfigurationError, RerunDiffers, UsageError
from linkage.model.times import to_text
from tests.lib import bundled
from tests.lib.refreshed import taken_in

Bundle = Callable[[str], Path]


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    return lambda profile: bundled.exported(tmp_path_factory, profile)


@pytest.mark.parametrize("profile", bundled.PROFILES)
def test_bagit_accepts_it(bundle: Bundle, profile: str) -> None:
    bag = bagit.Bag(str(bundle(profile)))
    assert bag.validate()
    assert bag.version_info == (1, 0)
    assert bag.info["External-Identifier"] == bundle(profile).name


@pytest.mark.parametrize("profile", bundled.PROFILES)
def test_sha256sum_and_ssh_keygen_accept_it(
    bundle: Bundle, profile: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = bundle(profile)
    for name in ("tagmanifest-sha256.txt", "manifest-sha256.txt"):
        subprocess.run(["sha256sum", "-c", "--quiet", "--strict", name], cwd=path, check=True)
    principal = re.search(r"Required-Signer: (\S+) ", (path / "bag-info.txt").read_text())
    assert principal is not None
    signers = bundled.workspace(tmp_path_factory).path / "keys" / "allowed_signers"
    (signature,) = (path / "signatures").iterdir()
    command = ["ssh-keygen", "-Y", "verify", "-n", "linkage-evidence", "-f", str(signers), "-I", principal[1]]
    signed = (path / "tagmanifest-sha256.txt").read_bytes()
    subprocess.run([*command, "-s", str(signature)], input=signed, check=True, capture_output=True)


@pytest.mark.parametrize("profile", bundled.PROFILES)
def test_the_stix_validator_accepts_it(bundle: Bundle, profile: str) -> None:
    path = bundle(profile) / "data" / "interop" / "stix-2.1.json"
    made = json.loads(path.read_text())
    kinds = {one["type"] for one in made["objects"]}
    assert {"marking-definition", "identity", "grouping", "report"} <= kinds
    assert ("user-account" in kinds) == ("observed-data" in kinds) == (profile != "public")
    assert ("ipv4-addr" in kinds) == (profile == "internal")
    results = stix2validator.validate_file(str(path), stix2validator.ValidationOptions(version="2.1", strict=True))
    assert results.is_valid, [str(error) for one in results.object_results for error in one.errors]


def test_a_graphml_reader_accepts_it(bundle: Bundle) -> None:
    path = bundle("internal") / "data"
    graph = nx.read_graphml(path / "interop" / "graph.graphml")
    members = pq.read_table(path / "members.parquet")
    accounts = {data["label"] for _, data in graph.nodes(data=True) if data["type"] == "account"}
    assert accounts == set(members["account_id"].to_pylist())
    assert graph.number_of_edges() > members.num_rows
    assert all(graph.nodes[a]["type"] != graph.nodes[b]["type"] for a, b in graph.edges)


def test_each_csv_is_its_parquet_twin(bundle: Bundle) -> None:
    found = sorted((bundle("internal") / "data").rglob("*.csv"))
    assert len(found) >= 9
    schema = json.loads((bundle("internal") / "data" / "schema" / "tables.json").read_text())
    for path in found:
        twin = pq.read_table(path.with_suffix(".parquet"))
        rows = list(csv.reader(io.StringIO(path.read_text(encoding="utf-8"), newline="")))
        assert rows[0] == twin.column_names
        assert rows[1:] == [[_written(value) for value in row.values()] for row in twin.to_pylist()]
        name = path.relative_to(bundle("internal") / "data").with_suffix("").as_posix()
        assert [column["name"] for column in schema[name]["columns"]] == twin.column_names


def _written(value: Any) -> str:
    """A cell as RFC 4180 and the contract have it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, datetime):
        return to_text(value)
    text = str(value)
    return f"'{text}" if isinstance(value, str) and text.startswith(("=", "+", "-", "@", "\t", "\r")) else text


def test_a_cell_that_a_spreadsheet_would_run_is_defused_in_the_csv_only() -> None:
    values = ["=cmd|' /C calc'!A0", "+1", "-1", "@x", "\tx", "plain", None]
    text = comma_separated(pa.table({"value": values, "figure": [-1.5] * 7})).decode()
    rows = list(csv.reader(io.StringIO(text, newline="")))[1:]
    assert [row[0] for row in rows] == ["'=cmd|' /C calc'!A0", "'+1", "'-1", "'@x", "'\tx", "plain", ""]
    assert {row[1] for row in rows} == {"-1.5"}


@given(
    st.lists(
        st.tuples(
            st.none() | st.text(st.sampled_from('a",\r\n =é') | st.characters(exclude_categories=["Cs"]), max_size=6),
            st.none() | st.floats(),
            st.none() | st.integers(-(2**63), 2**63 - 1),
            st.none() | st.booleans(),
        )
    )
)
def test_a_csv_is_what_every_reader_takes_for_the_table(rows: list[tuple[Any, ...]]) -> None:
    kinds = {"text": pa.string(), "figure": pa.float64(), "number": pa.int64(), "flag": pa.bool_()}
    columns = list(zip(*rows, strict=True)) or [()] * len(kinds)
    table = pa.table([pa.array(v, t) for v, t in zip(columns, kinds.values(), strict=True)], names=list(kinds))
    read = list(csv.reader(io.StringIO(comma_separated(table).decode(), newline="")))
    told = [["" if v is None else str(v) for v in row] for row in rows]
    told = [
        ["'" + text if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text, *cells[:2], cells[2].lower()]
        for text, *cells in told
    ]
    assert read == [list(kinds), *told]


class _Words(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.words: list[str] = []
        self.tags: set[str] = set()
        self._skip = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self._skip += tag in ("style", "svg", "title")
        assert not any(
            name.startswith("on") or (value or "").startswith("http") for name, value in attrs if name != "xmlns"
        )

    def handle_endtag(self, tag: str) -> None:
        self._skip -= tag in ("style", "svg", "title")

    def handle_data(self, data: str) -> None:
        if not self._skip:
            self.words += data.split()


@pytest.mark.parametrize("profile", bundled.PROFILES)
def test_the_report_says_the_same_in_html_and_pdf_and_runs_nothing(bundle: Bundle, profile: str) -> None:
    text = (bundle(profile) / "data" / "REPORT.html").read_text(encoding="utf-8")
    page = _Words()
    page.feed(text)
    assert "default-src 'none'" in text
    assert not page.tags & {"script", "iframe", "img", "link", "object", "form"}
    pdf = "".join(one.extract_text() for one in pypdf.PdfReader(bundle(profile) / "data" / "REPORT.pdf").pages)
    printed = re.sub(r"\s+|-(?=\s)", "", pdf)
    missing = {word for word in page.words if re.sub(r"[^\w.]", "", word) not in re.sub(r"[^\w.]", "", printed)}
    assert not missing
    for title in ("Claim", "How sure", "What else it could be", "What was left out", "Method", "Limits", "Glossary"):
        assert f"<h2>{title}</h2>" in text


def test_a_hostile_name_is_text_in_every_file(tmp_path: Path) -> None:
    """A campaign of accounts with hostile names, through events to the report."""
    names = [
        "=cmd|' /C calc'!A0",
        "<script>alert(1)</script>",
        "'; DROP TABLE x; --",
        "{{7*7}}",
        "#panic()",
        "${jndi:x}",
    ]
    lines = ["event_time,account_id,ip_address,payment_instrument"]
    for number, name in enumerate(names):
        quoted = '"' + name.replace('"', '""') + '"'
        lines += [f"2026-03-{day:02}T0{number}:00:00Z,{quoted},198.51.100.{day},card-{day % 3}" for day in range(1, 15)]
    for other in range(300):
        lines.append(f"2026-03-{1 + other % 14:02}T10:00:00Z,user-{other},203.0.113.{other % 200},own-{other}")
    (tmp_path / "events.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    workspace = Workspace(tmp_path / "w")
    assert not workspace.ingest(tmp_path / "events.csv").refused
    workspace.refresh(window="all")
    workspace.bundles.new_key()
    found = workspace.members()
    cluster = found.loc[found["account_id"] == names[0], "cluster_id"].iloc[0]
    path = workspace.bundles.export(cluster, profile="internal", output=tmp_path / "out").path
    page = (path / "data" / "REPORT.html").read_text(encoding="utf-8")
    assert "<script" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert set(pq.read_table(path / "data" / "members.parquet")["account_id"].to_pylist()) == set(names)
    rows = list(csv.DictReader(io.StringIO((path / "data" / "members.csv").read_text(encoding="utf-8"), newline="")))
    assert "'" + names[0] in {row["account_id"] for row in rows}
    labels = {data["label"] for _, data in nx.read_graphml(path / "data/interop/graph.graphml").nodes(data=True)}
    assert set(names) <= labels
    assert workspace.bundles.verify(path, rerun=True).fault is None


def test_a_second_export_changes_nothing_and_another_thing_of_that_name_is_left_alone(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    bundles = bundled.workspace(tmp_path_factory).bundles
    cluster = bundled.cluster(tmp_path_factory)
    for zipped in (False, True):
        first = bundles.export(cluster, profile="public", output=tmp_path, zipped=zipped)
        again = bundles.export(cluster, profile="public", output=tmp_path, zipped=zipped)
        assert (first.status, again.status) == ("written", "unchanged")
    shutil.rmtree(first.path.with_suffix(""))
    first.path.with_suffix("").mkdir()
    with pytest.raises(UsageError, match="something else"):
        bundles.export(cluster, profile="public", output=tmp_path)


def test_every_export_and_check_goes_into_the_audit_and_keeps_its_snapshot(tmp_path: Path) -> None:
    workspace = taken_in(tmp_path / "w", "proxy_pool", settings="[snapshots]\nkeep = 2\n")
    first = workspace.refresh(window="all").refresh_id
    workspace.bundles.new_key()
    cluster = str(workspace.clusters()["cluster_id"][0])
    made = workspace.bundles.export(cluster, profile="public", output=tmp_path / "out")
    workspace.bundles.verify(made.path)
    entries = [entry for entry in workspace.audit() if entry.action.startswith(("key", "bundle"))]
    assert [entry.action for entry in entries] == ["key.new", "bundle.export", "bundle.verify"]
    assert entries[1].detail["refresh_id"] == first
    assert entries[2].detail["exit_code"] == 0
    for days in (28, 26, 24, 22):
        workspace.refresh(window=f"{days}d")
    assert first in {run.refresh_id for run in workspace.runs()}
    assert len(workspace.runs()) == 3


def test_the_action_list_is_of_flagged_clusters_with_the_rows_it_rests_on(
    bundle: Bundle, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    data = bundle("internal") / "data"
    actions = pq.read_table(data / "actions.parquet").to_pylist()
    members = pq.read_table(data / "members.parquet").to_pylist()
    assert [row["account_id"] for row in actions] == [m["account_id"] for m in members if m["membership"] >= 0.5]
    assert [row["evidence"] for row in actions[:2]] == ["members.csv, row 1", "members.csv, row 2"]
    workspace = bundled.workspace(tmp_path_factory)
    tame = workspace.clusters().query("not flagged")["cluster_id"].iloc[0]
    made = workspace.bundles.export(str(tame), profile="internal", output=tmp_path)
    assert pq.read_table(made.path / "data" / "actions.parquet").num_rows == 0


def test_without_ssh_keygen_nothing_is_signed_and_nothing_is_called_good(
    bundle: Bundle, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, cluster = bundle("public"), bundled.cluster(tmp_path_factory)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ConfigurationError, match="ssh-keygen is not installed"):
        bundled.verified(tmp_path_factory, path)
    with pytest.raises(ConfigurationError, match="ssh-keygen is not installed"):
        bundled.workspace(tmp_path_factory).bundles.export(cluster, profile="public", output=tmp_path / "out")
    assert not any((tmp_path / "out").glob("*"))


def test_records_that_came_in_since_the_refresh_are_not_passed_off_as_its_own(tmp_path: Path) -> None:
    workspace = taken_in(tmp_path / "w", "proxy_pool")
    workspace.refresh(window="all")
    workspace.bundles.new_key()
    cluster = str(workspace.clusters()["cluster_id"][0])
    members = workspace.members(cluster)["account_id"].tolist()
    lines = ["event_time,account_id,ip_address,payment_instrument,prompt_template"]
    lines += [f"2026-01-10T00:00:{n:02}Z,{name},198.51.100.1,late-card,late" for n, name in enumerate(members)]
    (tmp_path / "late.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    workspace.ingest(tmp_path / "late.csv")
    with pytest.raises(RerunDiffers, match="do not give refresh"):
        workspace.bundles.export(cluster, profile="internal", output=tmp_path / "out")
    assert not (tmp_path / "out").exists()
