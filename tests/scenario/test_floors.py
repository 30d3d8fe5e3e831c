"""Floors on labelled populations, through the whole path: a little below what was measured, so that a loss shows.

Flags are judged by F1 over accounts, groups by B-cubed F1 over malicious accounts; both are means over the seeds, as a
single population of this size holds a handful of campaigns only.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from linkage.evaluation import Measured
from tests.scenario.conftest import Outcome

pytestmark = pytest.mark.long

SEEDS = (1, 2)
Find = Callable[[str, int], Outcome]

#: Scenario → least F1 of flags, least B-cubed F1, least precision of flags of any seed. A campus hides its campaigns
#: well at this size: floors there are what little is found.
FLOORS = {
    "proxy_pool": (0.82, 0.74, 0.88),
    "shared_templates": (0.66, 0.78, 0.88),
    "card_chain": (0.50, 0.45, 0.88),
    "twin": (0.80, 0.62, 0.88),
    "campus": (0.08, 0.28, 0.88),
    "mixed": (0.74, 0.72, 0.88),
}
#: Benign groups that share things as campaigns do.
LOOK_ALIKES = (
    "classroom", "company", "company_cards", "family", "hackathon", "second_account", "shop", "small_firm",
    "support_team", "tool_users",
)  # fmt: skip


def linkage(outcome: Outcome) -> Measured:
    measured = outcome.evaluation.methods[0]
    assert measured.method == "linkage"
    return measured


@pytest.mark.parametrize("scenario", FLOORS)
def test_a_scenario_keeps_its_floor(outcome: Find, scenario: str) -> None:
    measured = [linkage(outcome(scenario, seed)) for seed in SEEDS]
    f1, b_cubed, precision = FLOORS[scenario]
    assert np.mean([found.f1 for found in measured]) >= f1
    assert np.mean([found.b_cubed_f1 for found in measured]) >= b_cubed
    assert min(found.precision for found in measured) >= precision


@pytest.mark.parametrize("seed", SEEDS)
def test_without_a_campaign_nothing_is_flagged(outcome: Find, seed: int) -> None:
    found = outcome("none", seed)
    assert len(found.clusters) > 10, "look-alikes are linked"
    assert not found.clusters["flagged"].any()
    assert not found.members["flagged"].any()
    assert linkage(found).flagged_accounts == 0


@pytest.mark.parametrize("seed", SEEDS)
def test_look_alikes_are_linked_and_not_flagged(outcome: Find, seed: int) -> None:
    found = outcome("none", seed)
    joined = found.members.merge(found.truth, on="account_id")
    linked = set(joined["group_kind"])
    assert {"classroom", "company", "shop"} <= linked
    assert not set(joined.loc[joined["flagged"], "group_kind"])
    assert not found.truth["malicious"].any()


@pytest.mark.parametrize("scenario", FLOORS)
@pytest.mark.parametrize("seed", SEEDS)
def test_bystanders_are_spared(outcome: Find, scenario: str, seed: int) -> None:
    """Of each kind of benign group hardly anybody is flagged, and of ordinary accounts less than one in a hundred."""
    found = outcome(scenario, seed)
    flagged = set(found.members.loc[found.members["flagged"], "account_id"])
    benign = found.truth.loc[~found.truth["malicious"]]
    hit = benign["account_id"].isin(flagged)
    share = hit.groupby(benign["group_kind"]).mean()
    assert share["ordinary"] < 0.01
    for kind in LOOK_ALIKES:
        if kind in share.index:
            assert share[kind] <= 0.05, kind


def test_simpler_methods_stay_below(outcome: Find) -> None:
    """On mixed populations; each of them has its threshold chosen on the truth, and linkage has not."""
    evaluations = [outcome("mixed", seed).evaluation for seed in SEEDS]
    names = [method.method.split(", identifiers to")[0] for method in evaluations[0].methods]
    f1 = np.mean([[method.f1 for method in evaluation.methods] for evaluation in evaluations], axis=0)
    b_cubed = np.mean([[method.b_cubed_f1 for method in evaluation.methods] for evaluation in evaluations], axis=0)
    assert names[0] == "linkage"
    assert len(names) >= 8
    for at, name in enumerate(names[1:], start=1):
        assert f1[at] < f1[0], name
        assert b_cubed[at] < b_cubed[0], name


@pytest.mark.parametrize("seed", SEEDS)
def test_flagged_clusters_come_first(outcome: Find, seed: int) -> None:
    found = outcome("mixed", seed)
    flagged = found.clusters["flagged"].to_numpy()
    assert flagged[: flagged.sum()].all() or found.clusters.loc[flagged, "score"].min() > 0.5
    assert linkage(found).average_precision >= 0.6  # type: ignore[operator]
