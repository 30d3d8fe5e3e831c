"""Labelled populations through the whole path, each made once a session."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pytest

from linkage import Workspace
from linkage.evaluation import Evaluation
from linkage.synthetic import generate

#: Accounts and days: large enough that a campaign has more than a dozen accounts, small enough for every run.
ACCOUNTS, DAYS = 4_000, 45


@dataclass(frozen=True)
class Outcome:
    """What a refresh found in a population, measured, and the population's truth."""

    evaluation: Evaluation
    clusters: pd.DataFrame
    members: pd.DataFrame
    truth: pd.DataFrame


@pytest.fixture(scope="session")
def outcome(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, int], Outcome]:
    """Outcome by scenario and seed."""
    made: dict[tuple[str, int], Outcome] = {}

    def find(scenario: str, seed: int) -> Outcome:
        if (scenario, seed) not in made:
            made[scenario, seed] = _found(scenario, seed, tmp_path_factory.mktemp(f"{scenario}-{seed}"))
        return made[scenario, seed]

    return find


def _found(scenario: str, seed: int, folder: Path) -> Outcome:
    population = generate(scenario, ACCOUNTS, seed, folder / "files", days=DAYS)
    workspace = Workspace(folder / "workspace")
    report = workspace.ingest(
        population.events,
        accounts=population.accounts,
        address_ranges=population.address_ranges,
        model_releases=population.model_releases,
    )
    assert report.accepted == population.event_count
    workspace.refresh(window="all")
    truth = pd.read_csv(population.truth, dtype={"malicious": str}, keep_default_na=False)
    return Outcome(
        workspace.evaluate(population.truth, baselines=scenario == "mixed"),
        workspace.clusters(),
        workspace.members(),
        truth.assign(malicious=truth["malicious"] == "true"),
    )
