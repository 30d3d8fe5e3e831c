"""Sixty days lived through, with bans, replacements and a pivot: found within days, and one id from then to the end."""

from __future__ import annotations

import pandas as pd
import pytest

from linkage import Workspace
from linkage.synthetic import generate

pytestmark = pytest.mark.long

ACCOUNTS, DAYS, STEP = 4_000, 60, 3


@pytest.fixture(scope="module", params=["replacement", "pivot"])
def largest(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> pd.Series:
    """What became of the largest campaign of the scenario."""
    folder = tmp_path_factory.mktemp(request.param)
    population = generate(request.param, ACCOUNTS, 1, folder / "files", days=DAYS)
    workspace = Workspace(folder / "workspace")
    workspace.ingest(
        population.events,
        accounts=population.accounts,
        address_ranges=population.address_ranges,
        model_releases=population.model_releases,
    )
    frame = workspace.replay(population.truth, step=STEP).to_frame()
    assert len(frame[frame["malicious"]]) >= 3
    row: pd.Series = frame.iloc[0]
    return row


def test_a_campaign_is_flagged_within_days_of_having_fifty_accounts(largest: pd.Series) -> None:
    assert largest["accounts"] >= 100
    assert largest["days_to_flag"] <= 3 + STEP
    assert largest["share_after"] >= 0.8


def test_it_stays_flagged_under_one_id_whoever_of_its_accounts_is_banned(largest: pd.Series) -> None:
    assert largest["cluster_ids"] == 1
    assert largest["days_flagged"] == 1.0
    assert largest["flagged_accounts"] >= 0.9 * largest["accounts"]
