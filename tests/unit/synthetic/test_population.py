from __future__ import annotations

import csv
import hashlib
import ipaddress
import json
from collections import Counter
from pathlib import Path

import duckdb
import numpy as np
import pyarrow.parquet as pq
import pytest

from linkage.synthetic import SCENARIOS, Knobs, Population, generate
from linkage.synthetic.__main__ import main
from linkage.synthetic.lookalikes import LOOK_ALIKES
from linkage.synthetic.population import build
from linkage.synthetic.write import EVENT_SCHEMA


def digests(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def truth(population: Population) -> list[dict[str, str]]:
    with population.truth.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_a_seed_gives_the_same_files_to_the_byte(small_mixed: Population, tmp_path: Path) -> None:
    generate("mixed", 600, seed=5, out=tmp_path / "two", days=30)
    generate("mixed", 600, seed=6, out=tmp_path / "three", days=30)
    first, second, third = (digests(tmp_path / name) for name in ("one", "two", "three"))
    assert first == second
    assert all(first[name] != third[name] for name in first)


def test_files_of_an_earlier_population_do_not_stay(small_mixed: Population, tmp_path: Path) -> None:
    (small_mixed.events / "events-0099.parquet").write_bytes(b"left over")
    again = generate("mixed", 600, seed=5, out=tmp_path / "one", days=30)
    assert [path.name for path in again.events.iterdir()] == ["events-0001.parquet"]


def test_events_are_in_the_contract(mixed: Population) -> None:
    table = pq.read_table(mixed.events)
    assert table.schema.remove_metadata() == EVENT_SCHEMA
    assert table.num_rows == mixed.event_count == pytest.approx(6_000 * 55, rel=0.15)
    times = table["event_time"].to_numpy()
    assert (np.diff(times.astype("int64")) >= 0).all()
    assert times[0] >= np.datetime64("2026-01-01") and times[-1] < np.datetime64("2026-04-01")
    assert len(set(table["event_id"].to_pylist())) == table.num_rows
    assert set(table["event_type"].to_pylist()) == {"request", "login", "signup", "payment"}
    for name in ("event_id", "event_time", "account_id", "ip_address"):
        assert table[name].null_count == 0
    for name in ("input_tokens", "output_tokens", "cost_usd_micros"):
        assert int(np.min(table[name].to_numpy())) >= 0
    for address in set(table["ip_address"].to_pylist()[:3_000]):
        parsed = ipaddress.ip_address(address)
        assert str(parsed) == address and parsed.is_global


def test_addresses_lie_in_the_ranges_of_their_systems(mixed: Population) -> None:
    with mixed.address_ranges.open(encoding="utf-8", newline="") as file:
        ranges = [(ipaddress.ip_network(row["cidr"]), int(row["asn"]), row["kind"]) for row in csv.DictReader(file)]
    assert {kind for *_, kind in ranges} == {"residential", "mobile", "business", "hosting", "vpn", "campus"}
    of_system: dict[int, list[ipaddress.IPv4Network | ipaddress.IPv6Network]] = {}
    for network, asn, _ in ranges:
        of_system.setdefault(asn, []).append(network)
    seen = duckdb.sql(
        f"SELECT DISTINCT ip_address, asn FROM '{mixed.events}/*.parquet' USING SAMPLE 2000 ROWS (reservoir, 1)"
    ).fetchall()
    assert any(":" in address for address, _ in seen)
    for address, asn in seen:
        parsed = ipaddress.ip_address(address)
        assert any(parsed in network for network in of_system[asn] if network.version == parsed.version)


def test_every_account_has_a_truth_and_a_row(mixed: Population) -> None:
    rows = truth(mixed)
    accounts = pq.read_table(mixed.accounts)
    names = {row["account_id"] for row in rows}
    assert len(rows) == len(names) == mixed.account_count == 6_000
    assert set(accounts["account_id"].to_pylist()) == names
    seen = {name for (name,) in duckdb.sql(f"SELECT DISTINCT account_id FROM '{mixed.events}/*.parquet'").fetchall()}
    assert seen <= names and len(seen) > 0.85 * len(names)
    for row in rows:
        assert (row["group_id"] == "") == (row["group_kind"] == "ordinary")
        assert row["malicious"] in ("true", "false")
    assert {row["group_kind"] for row in rows if row["malicious"] == "true"} == set(SCENARIOS) - {
        "none",
        "mixed",
        "synchrony",
    }
    missing = {row["account_id"] for row in rows if row["malicious"] == "true"} - seen
    assert len(missing) < 0.03 * sum(row["malicious"] == "true" for row in rows)


def test_activity_is_heavy_tailed_and_follows_the_week(mixed: Population) -> None:
    counts = duckdb.sql(
        f"SELECT count(*) FROM '{mixed.events}/*.parquet' JOIN read_csv('{mixed.truth}') USING (account_id)"
        " WHERE group_kind = 'ordinary' GROUP BY account_id"
    ).fetchnumpy()["count_star()"]
    assert np.median(counts) < 0.5 * counts.mean()
    week = dict(
        duckdb.sql(f"SELECT isodow(event_time), count(*) FROM '{mixed.events}/*.parquet' GROUP BY ALL").fetchall()
    )
    assert (week[6] + week[7]) / 2 < 0.75 * np.mean([week[day] for day in range(1, 6)])


def test_identifiers_have_the_degrees_of_a_real_population(mixed: Population) -> None:
    degrees = {}
    for kind in ("ip_address", "payment_instrument", "template_hash"):
        degrees[kind] = duckdb.sql(
            f"SELECT count(DISTINCT account_id) AS d FROM '{mixed.events}/*.parquet' WHERE {kind} IS NOT NULL"
            f" GROUP BY {kind}"
        ).fetchnumpy()["d"]
    # A template of one exchange is the rule, one that a tenth uses the exception; a NAT holds hundreds, a card few.
    assert (degrees["template_hash"] == 1).mean() > 0.9
    assert 0.05 < degrees["template_hash"].max() / 6_000 < 0.3
    assert degrees["ip_address"].max() > 60
    assert (degrees["ip_address"] == 1).mean() > 0.7
    assert degrees["payment_instrument"].max() < 400
    assert (degrees["payment_instrument"] == 1).mean() > 0.8


@pytest.mark.parametrize("scenario", [name for name in SCENARIOS if name != "mixed"])
def test_a_scenario_holds_its_campaigns_and_every_look_alike(scenario: str, tmp_path: Path) -> None:
    population = generate(scenario, 1_200, seed=3, out=tmp_path, days=21)
    rows = truth(population)
    malicious = Counter(row["group_kind"] for row in rows if row["malicious"] == "true")
    assert set(malicious) == ({scenario} if scenario != "none" else set())
    notes = json.loads(population.notes.read_text(encoding="utf-8"))
    assert {note["group_id"] for note in notes} == {row["group_id"] for row in rows if row["malicious"] == "true"}
    assert sum(malicious.values()) < 0.2 * len(rows)
    benign = {row["group_kind"] for row in rows if row["malicious"] == "false"}
    assert benign == {"ordinary", *(look_alike.kind for look_alike in LOOK_ALIKES)}


def test_campaigns_of_a_kind_differ_by_seed(tmp_path: Path) -> None:
    drawn = []
    for seed in (1, 2):
        population = generate("proxy_pool", 1_200, seed=seed, out=tmp_path / str(seed), days=14)
        drawn += json.loads(population.notes.read_text(encoding="utf-8"))
    for knob in ("accounts_per_card", "accounts_per_address", "templates", "exposure", "young", "focus", "drip"):
        assert len({note[knob] for note in drawn}) == len(drawn)


def test_a_turned_knob_holds_in_every_campaign(tmp_path: Path) -> None:
    turned = {"camouflage": 0.7, "drip": (2.0, 3.0), "gaps": 0.0, "cover": 0.0}
    population = generate("proxy_pool", 1_200, seed=1, out=tmp_path, days=14, knobs=turned)
    for note in json.loads(population.notes.read_text(encoding="utf-8")):
        assert note["camouflage"] == 0.7
        assert 2.0 <= note["drip"] <= 3.0


def test_what_does_not_exist_is_refused(tmp_path: Path) -> None:
    for arguments in (("rings", 600), ("mixed", "huge"), ("mixed", 20)):
        with pytest.raises(ValueError):
            generate(*arguments, seed=1, out=tmp_path / "never")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="no knob 'volume'"):
        Knobs().turned({"volume": 1})
    with pytest.raises(ValueError, match="low ≤ high"):
        Knobs().turned({"drip": (4, 2)})
    assert not (tmp_path / "never").exists()


def test_progress_counts_days(tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []
    generate("none", 300, 1, tmp_path, days=14, progress=lambda done, total: seen.append((done, total)))
    assert seen == [(day, 14) for day in range(1, 15)]


def test_the_command_writes_a_population(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["campus", "--size", "400", "--seed", "2", "--days", "14", "--output", str(tmp_path)]
    assert main([*arguments, "--knob", "drip=3:4"]) == 0
    assert capsys.readouterr().out.startswith("400 accounts, ")
    assert {path.name for path in tmp_path.iterdir()} == {
        "events",
        "accounts.parquet",
        "address_ranges.csv",
        "model_releases.csv",
        "truth.csv",
        "campaigns.json",
    }
    with pytest.raises(SystemExit) as refused:
        main([*arguments, "--knob", "nonsense=3"])
    assert refused.value.code == 2


def test_a_bought_account_keeps_its_name_and_its_past(tmp_path: Path) -> None:
    knobs = {"bought": 1.0, "young": 0.0, "replaced": 0.0, "cover": 0.0}
    plan, *_ = build("proxy_pool", 1_200, 8, 60, knobs)
    names = plan.columns["name"]
    owners = np.flatnonzero((names >= 0) & (names != np.arange(len(names))))
    buyers = names[owners]
    assert len(owners) > 3
    assert (plan.columns["end"][owners] <= plan.columns["begin"][buyers]).all()
    assert (plan.columns["group"][owners] == -1).all() and (plan.columns["group"][buyers] >= 0).all()
    assert (plan.columns["created"][owners] == plan.columns["created"][buyers]).all()
    assert not plan.columns["signs_up"][buyers].any()
    assert len(plan.named) == 1_200
    population = generate("proxy_pool", 1_200, 8, tmp_path, days=60, knobs=knobs)
    rows = truth(population)
    assert len({row["account_id"] for row in rows}) == len(rows) == 1_200
    seen = {
        name for (name,) in duckdb.sql(f"SELECT DISTINCT account_id FROM '{population.events}/*.parquet'").fetchall()
    }
    assert seen <= {row["account_id"] for row in rows}
