"""Who used a card alone is told once an account, however many it tried, and whatever the order of files."""

from __future__ import annotations

from pathlib import Path

import pytest

from linkage import Workspace, engine
from linkage import window as windows
from linkage.config import EvidenceSettings, KindPrior
from linkage.evidence import load as evidence
from linkage.model.tables import DEFAULT_KINDS
from linkage.stores.lake import Lake

HEADER = "event_time,account_id,ip_address,payment_instrument"
#: Two share a card; one has a card of its own; one tried thirty.
ROWS = [
    "2026-04-01T08:00:00Z,ann,198.51.100.1,shared",
    "2026-04-02T08:00:00Z,bob,198.51.100.2,shared",
    "2026-04-03T08:00:00Z,cat,198.51.100.3,of-cat",
    "2026-04-05T08:00:00Z,cat,198.51.100.3,of-cat",
    *(f"2026-04-{1 + at % 20:02}T09:00:00Z,tester,198.51.100.4,tried-{at:02}" for at in range(30)),
]


@pytest.mark.parametrize("backwards", [False, True])
def test_a_card_tester_is_one_chance_as_everybody_is(tmp_path: Path, backwards: bool) -> None:
    workspace = Workspace(tmp_path / "w")
    for number, rows in enumerate([ROWS[:3], ROWS[3:]][:: -1 if backwards else 1]):
        file = tmp_path / f"{number}.csv"
        file.write_text("\n".join([HEADER, *rows, ""]), encoding="utf-8")
        workspace.ingest(file)
    view = Lake(workspace.path / "lake").view()
    with engine.connect() as connection:
        windows.relations(connection, view, windows.window(view, "all", None), DEFAULT_KINDS)
        found = evidence.load(connection, DEFAULT_KINDS, held=("payment_instrument",))
    assert {found.incidence.kinds[kind] for kind in found.alone.kind} == {"payment_instrument"}
    cat, tester = 2, 3
    assert found.alone.account.tolist() == [cat, tester]
    assert found.alone.events.tolist() == [2, 30]
    assert (found.alone.last - found.alone.first).tolist() == [2, 19]


def test_what_a_kind_is_stays_where_only_its_worth_is_configured() -> None:
    card, address = (
        EvidenceSettings(priors={kind: KindPrior(trust=0.6)}).prior_of(kind)
        for kind in ("payment_instrument", "ip_address")
    )
    assert (card.trust, card.held, card.network) == (0.6, True, False)
    assert (address.held, address.network) == (False, True)
    own = EvidenceSettings(priors={"payment_instrument": KindPrior(held=False)})
    assert not own.prior_of("payment_instrument").held
