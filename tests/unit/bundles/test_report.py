"""What the report says to whom: two pages for counsel, who stands behind the claim, and pictures that can be read."""

from __future__ import annotations

import html
import itertools
import json
import re
import shutil
import subprocess
import sys
from datetime import date, timedelta
from pathlib import Path
from xml.etree import ElementTree

import pyarrow.parquet as pq
import pypdf
import pytest

from linkage import Workspace
from linkage.bundles import pictures, summary
from linkage.bundles.profiles import PROFILES
from linkage.bundles.report import Block, as_html, cell
from linkage.errors import UsageError
from tests.lib import bundled

SVG = "{http://www.w3.org/2000/svg}"
SUMMARY = ("Claim", "How sure", "What else it could be", "What was left out", "Figures of the cluster")
REST = ("Timeline", "Every term for and against abuse", "Method", "Limits", "Glossary")


def parsed(svg: str) -> ElementTree.Element:
    """An SVG of ours."""
    return ElementTree.fromstring(svg)  # noqa: S314


def pages(data: Path) -> list[str]:
    return [" ".join(page.extract_text().split()) for page in pypdf.PdfReader(data / "REPORT.pdf").pages]


def words(data: Path) -> str:
    text = re.sub(r"<(style|svg).*?</\1>|<[^>]+>", " ", (data / "REPORT.html").read_text(encoding="utf-8"), flags=re.S)
    return " ".join(html.unescape(text).split())


@pytest.mark.parametrize("profile", bundled.PROFILES)
def test_two_pages_are_the_summary_and_each_page_says_with_whom_it_may_be_shared(
    profile: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = bundled.exported(tmp_path_factory, profile)
    found = pages(path / "data")
    assert all(title in "".join(found[:2]) for title in SUMMARY)
    assert not any(f"{title} " in "".join(found[:2]) for title in REST if title != "Timeline")
    assert "Timeline" in found[2]
    mark = {"internal": "TLP:RED", "partner": "TLP:AMBER", "public": "TLP:CLEAR"}[profile]
    assert all(page.count(f"{mark} – {path.name}") == 2 for page in found), "at the head and at the foot"
    assert f"{mark} – {path.name}" in words(path / "data")


def test_the_summary_says_in_words_how_sure_it_is_and_of_what_it_is_not(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    data = bundled.exported(tmp_path_factory, "internal") / "data"
    found, text = json.loads((data / "finding.json").read_text()), words(data)
    cluster = found["cluster"]
    assert "10,000 searches of the same data, rewired at random" in text
    assert f"q = {cluster['q_value']:.3g}" in text
    assert f"where {found['method']['settings']['scoring']['flag_points']:g} of more than one kind" in text
    assert found["error_rates"]["abuse"] in text
    assert "2^" not in text
    assert "No person's decision is in this bundle." in text
    assert f"Cost, US dollars {cluster['cost_usd_micros'] / 1e6:,.2f} " in text
    assert str(cluster["cost_usd_micros"]) not in text.replace(",", "")
    ahead = [row for row in pq.read_table(data / "terms.parquet").to_pylist() if row["points"] > 0]
    shown = text.split("What speaks for abuse ")[1].split("What speaks against abuse")[0]
    assert shown.count("(terms.csv, row") == min(len(ahead), 8)
    assert (f"{len(ahead) - 8} more, of less weight each (terms.csv)." in shown) == (len(ahead) > 8)
    out = [row for row in pq.read_table(data / "contrary.parquet").to_pylist() if row["what"] == "account left out"]
    assert f"Accounts that were considered, and are not members: {len(out)} (contrary.csv). Why: " in text
    sources = pq.read_table(data / "custody" / "sources.parquet")
    read, accepted = (sum(sources[name].to_pylist()) for name in ("read", "accepted"))
    assert f"Of {read:,} rows in the files that were read, {accepted:,} were taken in" in text


@pytest.mark.parametrize("verdict", ["benign", "reseller", "inconclusive", "compromised"])
def test_the_claim_is_what_two_people_decided_and_not_what_the_program_would_say(
    verdict: str, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    root = tmp_path / "w"
    shutil.copytree(bundled.workspace(tmp_path_factory).path, root)
    cluster = bundled.cluster(tmp_path_factory)
    proposer, approver = (Workspace(root, actor=name) for name in ("Ann.Archer", "Bob.Baker"))
    case = proposer.case.open(cluster).case_id
    proposer.case.propose(case, verdict, ["other"], note="they wrote to us")
    (key := tmp_path / "exchange.key").write_bytes(bundled.EXCHANGE)
    approver.bundles.new_key()
    before = approver.bundles.export(case, profile="partner", output=tmp_path / "out").path / "data"
    approver.case.approve(case)
    data = approver.bundles.export(case, profile="partner", output=tmp_path / "out").path / "data"
    claims = json.loads((before / "finding.json").read_text()), json.loads((data / "finding.json").read_text())
    assert claims[0]["claim"].endswith("used for coordinated abuse."), "nobody has decided yet"
    assert claims[0]["claims_abuse"] is True
    assert "two people decided" in claims[1]["claim"]
    against = verdict == "compromised"
    assert claims[1]["claims_abuse"] is against
    assert ("Abuse is not claimed" in claims[1]["claim"]) is not against
    text = words(data)
    assert f"Claim {claims[1]['claim']} By the program alone: tier 1, flagged" in text
    objects = json.loads((data / "interop" / "stix-2.1.json").read_text())["objects"]
    told = {one["type"]: one for one in objects if one["type"] in ("grouping", "report")}
    assert told["grouping"]["name"] == claims[1]["claim"]
    assert told["grouping"]["context"] == ("suspicious-activity" if against else "unspecified")
    assert told["report"]["report_types"] == ["threat-report" if against else "observed-data"]
    inside = words(approver.bundles.export(case, profile="internal", output=tmp_path / "out").path / "data")
    assert re.search(
        r"Proposed \d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ by Ann\.Archer; approved [\dT:Z-]+ by Bob\.Baker\.", inside
    )
    if against:
        assert approver.bundles.export(case, profile="partner", output=tmp_path / "key", exchange_key=key)
        return
    with pytest.raises(UsageError, match="nothing that others should watch for"):
        approver.bundles.export(case, profile="partner", output=tmp_path / "key", exchange_key=key)
    approver.case.reopen(case, "they wrote again", appeal=True)
    again = approver.bundles.export(case, profile="public", output=tmp_path / "out").path / "data"
    finding = json.loads((again / "finding.json").read_text())
    assert "The case was taken up again since two people decided" in finding["claim"]
    assert finding["claims_abuse"] is False


def test_the_timeline_has_a_gap_where_days_are_left_out_and_the_graph_says_what_its_marks_are() -> None:
    first = date(2026, 1, 1)
    days = [{"day": first + timedelta(days=at), "events": 10, "expected_events": 5.0} for at in (0, 1, 2, 8, 9)]
    drawing = parsed(pictures.timeline(days))
    bars = [float(bar.attrib["x"]) for bar in drawing.iter(f"{SVG}rect")]
    steps = [after - before for before, after in itertools.pairwise(bars)]
    assert steps[2] == pytest.approx(6 * steps[0], abs=0.3)
    assert [len(line.attrib["points"].split()) for line in drawing.iter(f"{SVG}polyline")] == [3, 2]
    assert pictures.timeline([]).startswith("<svg")
    drawing = parsed(pictures.graph(["a"], [("ip_address", "x"), ("device_id", "y")], [(0, 0)]))
    said = [text.text for text in drawing.iter(f"{SVG}text")]
    assert said == ["x", "y", "account", "device", "address"]


def test_figures_are_not_broken_over_lines_and_sentences_and_hostile_names_are() -> None:
    rows = (("-0.04534", "account-3b399869f8bb94498700", "two words", "x" * 256),)
    page = as_html([Block("title", "t"), Block("table", columns=("a", "b", "c", "d"), rows=rows)]).decode()
    assert "<td>-0.04534</td><td>account-3b399869f8bb94498700</td>" in page
    assert page.count('<td class="wraps">') == 2


def test_cells_of_whole_numbers_have_no_decimals() -> None:
    assert [cell(value) for value in (1184.0, 1.0, 0.99999, 13.5, 0.0, -2.0)] == ["1,184", "1", "1", "13.50", "0", "-2"]


@pytest.mark.parametrize("profile", bundled.PROFILES)
def test_whoever_has_only_the_readme_checks_it_and_finds_what_was_altered(
    profile: str, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """The commands of README.txt as they stand there, in a folder with nothing else, and the signers by another way."""
    path = bundled.copied(tmp_path_factory, profile, tmp_path / "received")
    readme = (path / "data" / "README.txt").read_text(encoding="utf-8")
    assert max(map(len, (line for line in readme.splitlines() if "ssh-ed25519" not in line))) <= 100
    assert set(re.findall(r"^  (\S+\.csv) ", readme, re.M)) == {
        file.relative_to(path / "data").as_posix() for file in (path / "data").rglob("*.csv")
    }
    assert ("records/" in readme) == (path / "data" / "records").exists()
    assert ("GraphML" in readme) == (path / "data" / "interop" / "graph.graphml").exists()
    part = readme.split("How to check it")[1].split("How to compute it again")[0]
    steps = re.findall(r"^     ((?:ssh-keygen|sha256sum|find|grep) (?:.*\\\n)?.*)$", part, re.M)
    assert len(steps) == 5
    signers = tmp_path / "signers"
    shutil.copy(bundled.workspace(tmp_path_factory).path / "keys" / "allowed_signers", signers)

    def follow() -> list[str]:
        return [
            subprocess.run(
                ["bash", "-c", step.replace("TRUSTED", str(signers))],
                cwd=path,
                capture_output=True,
                text=True,
                check=False,
            ).stdout
            for step in steps
        ]

    signed, lists, files, counted, present = follow()
    assert signed.startswith('Good "linkage-evidence" signature for ')
    assert (lists, files) == ("good\n", "good\n")
    one, other = counted.split()
    assert one == other
    assert present.count("Required-Signer") == present.count(".sshsig") == 1
    (path / "data" / "finding.json").write_text("{}")
    (path / "data" / "more.txt").write_text("x")
    (path / "bag-info.txt").write_text((path / "bag-info.txt").read_text() + "Contact-Name: x\n")
    _, lists, files, counted, _ = follow()
    assert "bag-info.txt: FAILED" in lists
    assert "data/finding.json: FAILED" in files
    assert len(set(counted.split())) == 2
    (path / "tagmanifest-sha256.txt").write_text("")
    assert not follow()[0].startswith("Good")


def test_whoever_has_only_the_bundle_computes_it_again(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = bundled.copied(tmp_path_factory, "partner", tmp_path / "received")
    readme = (path / "data" / "README.txt").read_text(encoding="utf-8")
    command = re.search(r"again/bin/linkage (bundle verify .*)", readme)
    assert command is not None
    signers = tmp_path / "signers"
    shutil.copy(bundled.workspace(tmp_path_factory).path / "keys" / "allowed_signers", signers)
    told = command[1].replace("BUNDLE", str(path)).replace("TRUSTED", str(signers)).split()
    (empty := tmp_path / "empty").mkdir()
    done = subprocess.run(
        [sys.executable, "-m", "linkage", *told], cwd=empty, capture_output=True, text=True, check=True
    )
    assert "computed again: agrees" in done.stdout
    assert not list(empty.iterdir())


@pytest.mark.parametrize(("tier", "claimed"), [(1, True), (2, False), (3, False)])
def test_a_program_reads_of_abuse_only_where_people_do(tier: int, claimed: bool) -> None:
    cluster = {"tier": tier, "size": 40}
    assert summary.claims_abuse(cluster, None) is claimed
    assert ("are used for coordinated abuse" in summary.claim(cluster, PROFILES["internal"], None)) is claimed
