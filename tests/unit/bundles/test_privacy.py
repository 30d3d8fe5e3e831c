"""What a bundle tells whom: nothing of its input in a partner's, nothing of anybody in a public one."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pypdf
import pytest

from linkage.bundles.privacy import PLAIN, suppressed
from linkage.bundles.profiles import SMALL, Names
from linkage.cli import main
from linkage.errors import UsageError
from linkage.scoring.followers import FOLLOWERS
from linkage.scoring.watch_list import WATCH_LIST
from tests.lib import bundled
from tests.lib.refreshed import FIXTURES, events

IDENTIFYING = ("account_id", "ip_address", "payment_instrument", "template_hash", "organization_id", "device_id")


def raw_values() -> set[str]:
    """Every identifier and account of the input, and networks of addresses."""
    table = events("proxy_pool")
    found = {
        str(value)
        for name in IDENTIFYING
        if name in table.column_names
        for value in table[name].unique().to_pylist()
        if value
    }
    accounts = pq.read_table(FIXTURES / "proxy_pool" / "accounts.parquet")
    for name in ("account_id", "email_domain", "organization_id"):
        if name in accounts.column_names:
            found |= {str(value) for value in accounts[name].unique().to_pylist() if value}
    return found | {value.rpartition(".")[0] + "." for value in found if value.count(".") == 3}


def texts(path: Path) -> Iterator[tuple[str, str]]:
    """(file, text) of everything that can be read in a bundle: bytes, cells of Parquet, text of the PDF."""
    for file in sorted(path.rglob("*")):
        if not file.is_file():
            continue
        name = file.relative_to(path).as_posix()
        yield name, file.read_bytes().decode("latin-1")
        if file.suffix == ".parquet":
            table = pq.read_table(file)
            for column in table.column_names:
                if pa.types.is_string(table[column].type) or pa.types.is_list(table[column].type):
                    yield name, "\n".join(map(str, table[column].unique().to_pylist()))
        if file.suffix == ".pdf":
            reader = pypdf.PdfReader(file)
            yield name, "".join(page.extract_text() for page in reader.pages) + str(reader.metadata)


@pytest.mark.parametrize("profile", ["partner", "public"])
def test_no_raw_identifier_of_the_input_is_in_any_file(profile: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    values = raw_values()
    assert len(values) > 700
    path = bundled.exported(tmp_path_factory, profile)
    leaks = {(name, value) for name, text in texts(path) for value in values if value in text}
    assert not leaks
    inside = "".join(text for _, text in texts(bundled.exported(tmp_path_factory, "internal")))
    assert sum(value in inside for value in values) > 100, "the search finds what is there"


def test_no_number_of_the_workspace_is_in_a_partners_bundle(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Accounts stand in the order of their pseudonyms, numbered from 0."""
    path = bundled.exported(tmp_path_factory, "partner") / "data" / "records"
    accounts = pq.read_table(path / "accounts.parquet")
    assert accounts["account"].to_pylist() == list(range(accounts.num_rows))
    assert accounts["account_id"].to_pylist() == sorted(accounts["account_id"].to_pylist())
    identifiers = pq.read_table(path / "identifiers.parquet")
    assert identifiers["identifier"].to_pylist() == list(range(identifiers.num_rows))
    unshared = identifiers.filter(pa.compute.is_null(identifiers["trust"]))["value"].to_pylist()
    assert unshared == sorted(unshared)


def test_a_partners_times_are_whole_hours_and_single_exchanges_are_left_out(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    path = bundled.exported(tmp_path_factory, "partner") / "data"
    assert not (path / "records" / "events.parquet").exists()
    seen = 0
    for file in path.rglob("*.parquet"):
        table = pq.read_table(file)
        for field in table.schema:
            if pa.types.is_timestamp(field.type) and file.stem != "model_releases":
                moments = table[field.name].drop_null().cast(pa.int64()).to_numpy()
                assert not (moments % 3_600_000_000).any(), (file.name, field.name)
                seen += len(moments)
    assert seen > 1_000
    found = json.loads((path / "finding.json").read_text())
    assert found["cluster"]["first_seen"].endswith(":00:00Z")
    assert found["method"]["as_of"].endswith(":00:00Z")


def test_names_are_of_one_recipient_and_subject_and_the_same_every_time(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    workspace, cluster = bundled.workspace(tmp_path_factory), bundled.cluster(tmp_path_factory)

    def names(recipient: str, folder: str) -> tuple[str, set[str]]:
        made = workspace.bundles.export(cluster, profile="partner", output=tmp_path / folder, recipient=recipient)
        table = pq.read_table(made.path / "data" / "members.parquet")
        return json.loads((made.path / "data" / "privacy.json").read_text())["key_id"], set(
            table["account_id"].to_pylist()
        )

    one, again, other = names("one", "a"), names("one", "b"), names("other", "c")
    assert one == again
    assert one[0] != other[0]
    assert not one[1] & other[1]
    keys = list((workspace.path / "keys" / "pseudonyms").iterdir())
    assert all(key.stat().st_mode & 0o777 == 0o600 for key in keys)
    secrets = [key.read_bytes() for key in keys]
    path = bundled.exported(tmp_path_factory, "partner")
    for file in path.rglob("*"):
        if file.is_file():
            assert not any(
                secret in file.read_bytes() or secret.hex().encode() in file.read_bytes() for secret in secrets
            )


def test_that_nobody_was_named_as_the_recipient_is_said(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, capsys: pytest.CaptureFixture[str]
) -> None:
    workspace, cluster = bundled.workspace(tmp_path_factory), bundled.cluster(tmp_path_factory)
    for profile, recipient, said in (("partner", "", True), ("partner", "Lab B", False), ("public", "", False)):
        verb = ["bundle", "export", cluster, "--profile", profile, "--recipient", recipient]
        folder = str(tmp_path / f"{profile}-{recipient}")
        assert main(["--workspace", str(workspace.path), *verb, "--output", folder]) == 0
        assert ("no --recipient" in capsys.readouterr().err) is said


def test_the_same_value_of_two_kinds_has_two_names() -> None:
    names = Names(b"k" * 32)
    assert names.of("ip_address", "x") != names.of("card", "x")
    assert names.of("account", "x") != names.of("account", "y")
    assert Names(None).of("account", "x") == "x"
    assert Names(b"l" * 32).of("account", "x") != names.of("account", "x")


def test_partners_who_share_an_exchange_key_can_match_indicators(tmp_path_factory: pytest.TempPathFactory) -> None:
    partner, internal = (bundled.exported(tmp_path_factory, profile) / "data" for profile in ("partner", "internal"))
    told = set(pq.read_table(partner / "indicators.parquet")["exchange"].to_pylist())
    known = pq.read_table(internal / "evidence.parquet").to_pylist()
    computed = {
        hmac.new(
            bundled.EXCHANGE, f"linkage.exchange/1\0{row['kind']}\0{row['value']}".encode(), hashlib.sha256
        ).hexdigest()
        for row in known
        if row["role"] == "evidence"
    }
    assert told == computed
    assert told


def test_a_public_bundle_has_figures_of_nobody(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    workspace = bundled.workspace(tmp_path_factory)
    path = bundled.exported(tmp_path_factory, "public") / "data"
    assert {file.name for file in path.glob("*.parquet")} == {
        "kinds.parquet", "lineage.parquet", "terms.parquet", "timeline.parquet"
    }  # fmt: skip
    assert not (path / "records").exists()
    assert min(pq.read_table(path / "timeline.parquet")["accounts"].to_pylist(), default=SMALL) >= SMALL
    with pytest.raises(UsageError, match="no indicators"):
        workspace.bundles.export("c-1", profile="public", output=tmp_path, exchange_key=tmp_path / "key")
    small = workspace.clusters().query(f"size < {SMALL}")["cluster_id"].iloc[0]
    made = workspace.bundles.export(str(small), profile="public", output=tmp_path).path / "data"
    found = json.loads((made / "finding.json").read_text())
    assert found["cluster"]["size"] is None
    assert found["claim"].startswith(f"fewer than {SMALL} accounts")
    assert (
        pq.read_table(made / "terms.parquet")["observed"].null_count == pq.read_table(made / "terms.parquet").num_rows
    )


def test_no_count_below_the_bar_follows_from_what_a_public_bundle_tells(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """A share of a known number of members is a count of them, and so are points that follow from a share."""
    workspace = bundled.workspace(tmp_path_factory)
    for cluster in workspace.clusters().to_dict("records"):
        inside = workspace.bundles.export(cluster["cluster_id"], profile="internal", output=tmp_path).path / "data"
        path = workspace.bundles.export(cluster["cluster_id"], profile="public", output=tmp_path).path / "data"
        terms = pq.read_table(path / "terms.parquet")
        for name in ("observed", "expected", "effect"):
            assert terms[name].null_count == terms.num_rows
        told = dict(zip(terms["term"].to_pylist(), terms["points"].to_pylist(), strict=True))
        assert all(points.is_integer() for points in told.values())
        exact = pq.read_table(inside / "terms.parquet")
        known = dict(zip(exact["term"].to_pylist(), exact["points"].to_pylist(), strict=True))
        for term, points in told.items():
            assert abs(points - known[term]) < 1
            assert (points > 0, points < 0) == (known[term] > 0, known[term] < 0), "nothing is lost for being little"
        small = cluster["size"] < SMALL
        assert set(known) - set(told) == {"allowed_organization"} | (
            {"small_group", "no_ordinary_reason"} & set(known) if small else set()
        )
        found = json.loads((path / "finding.json").read_text())["cluster"]
        assert found["abuse_score"].is_integer()
        for name in ("events", "tokens", "cost_usd_micros"):
            # Two digits: days that are left out cannot be had as what is missing from the sum.
            assert found[name] is None if small else len(str(found[name]).rstrip("0")) <= 2
        words = (path / "REPORT.html").read_text(encoding="utf-8")
        assert "contrary.csv" not in words, "names no file that is not there"
        assert "evidence.csv" not in words


def test_each_term_has_words_without_a_figure(tmp_path_factory: pytest.TempPathFactory) -> None:
    terms = set(
        pq.read_table(bundled.exported(tmp_path_factory, "internal") / "data" / "terms.parquet")["term"].to_pylist()
    )
    assert terms - {"allowed_organization"} <= set(PLAIN)
    assert {FOLLOWERS, WATCH_LIST} <= set(PLAIN)
    assert not [words for words in PLAIN.values() if any(letter.isdigit() for letter in words)]


def test_profiles_are_three() -> None:
    from linkage.bundles.profiles import profile_of

    with pytest.raises(UsageError):
        profile_of("secret")


@pytest.mark.parametrize(("points", "told"), [(-3.2, -1.0), (-0.4, -1.0), (0.0, 0.0)])
def test_of_a_term_that_counts_a_few_members_only_the_sign_is_told(points: float, told: float) -> None:
    terms = pa.table(
        {
            "term": ["little_of_its_own", "one_payer"],
            "sentence": ["92% of the members use something that is mostly the group's own", "one pays"],
            "points": [points, -1.2],
            "observed": [0.92, 0.5],
            "expected": pa.nulls(2, pa.float64()),
            "effect": pa.nulls(2, pa.float64()),
        }
    )
    lists = {
        "terms": terms,
        "kinds": pa.table({"kind": ["ip_address"], "members_tied": [40], "members_without": [0]}),
        "timeline": pa.table({"accounts": [40], "expected_events": [3.25]}),
        "lineage": pa.table({"overlap": [0.5]}),
    }
    public = suppressed(lists, 40)["terms"].to_pylist()
    assert [row["points"] for row in public] == [told, -2.0]
    assert public[0]["observed"] is None
    assert "92" not in public[0]["sentence"]
