"""What each account did, as figures, worked by hand."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from linkage import Workspace, engine
from linkage import window as windows
from linkage.evidence import load as evidence
from linkage.model.tables import DEFAULT_KINDS
from linkage.scoring import features
from linkage.scoring.features import Features
from linkage.stores.lake import Lake

HEADER = (
    "event_time,account_id,ip_address,asn,payment_instrument,template_hash,model,capability,"
    "input_tokens,output_tokens,cost_usd_micros"
)
# 1 April 2026 is a Wednesday, the 4th a Saturday. model-c came out on the 3rd.
EVENTS = """
2026-04-01T06:10:00Z,alice,198.51.100.7,64500,fp_1,shared,model-a,writing,50,50,100
2026-04-01T06:20:00Z,alice,198.51.100.9,64500,fp_1,shared,model-c,writing,50,50,900
2026-04-01T18:00:00Z,alice,203.0.113.1,64501,,shared,model-c,search,50,50,900
2026-04-03T12:00:00Z,alice,198.51.100.7,64500,,own,model-c,search,50,50,900
2026-04-01T09:00:00Z,bob,192.0.2.1,,fp_1,shared,model-a,,10,90,100
2026-04-04T09:00:00Z,bob,192.0.2.1,,,shared,model-a,,10,90,100
2026-04-04T10:00:00Z,carol,,,,only-hers,model-b,,0,100,300
2026-04-05T10:00:00Z,dave,,,,,,,,,
""".strip()
ACCOUNTS = """account_id,created_at,email_domain,organization_id,tier,verified,status
alice,2026-04-01T00:00:00Z,example.org,org_1,pro,true,active
bob,2026-03-29T00:00:00Z,example.org,,free,false,banned
carol,2027-01-01T00:00:00Z,other.example,org_1,free,,Closed
"""
RELEASES = "model,released_at\nmodel-c,2026-04-03T10:00:00Z\n"
AS_OF = datetime(2026, 4, 5, tzinfo=UTC)
ALICE, BOB, CAROL, DAVE = range(4)


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> Features:
    folder = tmp_path_factory.mktemp("features")
    files = {"events": f"{HEADER}\n{EVENTS}\n", "accounts": ACCOUNTS, "releases": RELEASES}
    for name, text in files.items():
        (folder / f"{name}.csv").write_text(text, encoding="utf-8")
    report = Workspace(folder / "w").ingest(
        folder / "events.csv", accounts=folder / "accounts.csv", model_releases=folder / "releases.csv"
    )
    assert report.accepted == 8
    assert not report.refused
    return load(folder / "w")


def load(root: Path) -> Features:
    view = Lake(root / "lake").view()
    with engine.connect() as connection:
        windows.relations(connection, view, windows.window(view, "all", None), DEFAULT_KINDS)
        evidence.load(connection, DEFAULT_KINDS, held=())
        return features.load(connection, AS_OF)


def test_accounts_come_in_the_order_of_their_names(measured: Features) -> None:
    assert measured.events.tolist() == [4, 2, 1, 1]
    assert measured.tokens.tolist() == [400, 200, 100, 0]
    assert measured.cost.tolist() == [2_800, 200, 300, 0]
    assert measured.active_days.tolist() == [2, 2, 1, 1]
    assert measured.first_seen[ALICE] == np.datetime64("2026-04-01T06:10:00")
    assert measured.last_seen[ALICE] == np.datetime64("2026-04-03T12:00:00")


def test_private_work_is_known_to_be_none_or_not_known(measured: Features) -> None:
    """A template that one account alone uses is work of its own; no template at all tells nothing."""
    assert measured.values["private_work"].tolist() == pytest.approx([0.25, 0.0, 1.0, np.nan], nan_ok=True)


def test_networks_are_prefixes_and_days(measured: Features) -> None:
    per_day = measured.values["prefixes_per_day"]
    assert per_day[:2] == pytest.approx([np.log2(3 / 2), 0.0])
    assert np.isnan(per_day[CAROL])
    assert measured.values["prefixes"][:2] == pytest.approx([1.0, 0.0])
    assert measured.values["asns"].tolist() == pytest.approx([1.0, np.nan, np.nan, np.nan], nan_ok=True)


def test_hours_and_weekends_are_cells_of_the_clock(measured: Features) -> None:
    """Alice: 6 and 18 o'clock on the 1st cancel out, 12 on the 3rd is left; Bob: 9 o'clock twice."""
    assert measured.clock[ALICE].tolist() == pytest.approx([-1.0, 0.0, 3.0, 0.0], abs=1e-6)
    assert measured.clock[BOB] == pytest.approx([2 * np.cos(np.pi * 0.75), 2 * np.sin(np.pi * 0.75), 2.0, 1.0])
    assert measured.clock[DAVE, 3] == 1.0
    assert np.isnan(measured.values["round_the_clock"]).all(), "too few events to tell"


def test_taste_is_the_rank_of_the_price(measured: Features) -> None:
    """model-a, -b and -c cost 1, 3 and 9 a token."""
    assert measured.values["price_rank"].tolist() == pytest.approx([0.75, 0.0, 0.5, np.nan], nan_ok=True)


def test_traffic_that_moves_at_a_release(measured: Features) -> None:
    """One exchange of one went to the new model, beside the five that are added; Bob stayed; nobody else was there."""
    assert measured.values["release_share"].tolist() == pytest.approx([1 / 6, 0.0, np.nan, np.nan], nan_ok=True)


def test_what_the_provider_knows(measured: Features) -> None:
    assert measured.values["age"].tolist() == pytest.approx([np.log2(5), np.log2(8), 0.0, np.nan], nan_ok=True)
    assert measured.values["verified"].tolist() == pytest.approx([1.0, 0.0, np.nan, np.nan], nan_ok=True)
    assert measured.domain[ALICE] == measured.domain[BOB] != measured.domain[CAROL]
    assert measured.organization[ALICE] == measured.organization[CAROL] >= 0
    assert (measured.domain[DAVE], measured.organization[BOB], measured.organization[DAVE]) == (-1, -1, -1)
    assert measured.closed[[ALICE, BOB, DAVE]].tolist() == [False, True, False]


def test_capabilities_are_shares_of_what_is_known(measured: Features) -> None:
    assert measured.capabilities == ("search", "writing")
    assert measured.capability[ALICE].tolist() == [0.5, 0.5]
    assert np.isnan(measured.capability[BOB]).all()


def test_who_used_which_kind(measured: Features) -> None:
    assert measured.used["ip_address"].tolist() == [True, True, False, False]
    assert measured.used["payment_instrument"].tolist() == [True, True, False, False]
    assert measured.used["prompt_template"].tolist() == [True, True, True, False]


def test_a_model_whose_tokens_are_not_known_has_no_price(tmp_path: Path) -> None:
    rows = [
        "2026-04-01T06:00:00Z,alice,198.51.100.7,,,,model-x,,,,5",
        "2026-04-01T06:00:00Z,bob,198.51.100.7,,,,model-a,,50,50,100",
        "2026-04-01T06:00:00Z,carol,198.51.100.7,,,,model-b,,50,50,900",
    ]
    (tmp_path / "events.csv").write_text("\n".join([HEADER, *rows]) + "\n", encoding="utf-8")
    Workspace(tmp_path / "w").ingest(tmp_path / "events.csv")
    found = load(tmp_path / "w")
    assert found.values["price_rank"].tolist() == pytest.approx([np.nan, 0.0, 1.0], nan_ok=True)


def test_the_provider_may_write_a_state_in_capitals(measured: Features) -> None:
    assert measured.closed[CAROL]
