from __future__ import annotations

from pathlib import Path

import pytest

from linkage.synthetic import Population, generate


@pytest.fixture(scope="session")
def mixed(tmp_path_factory: pytest.TempPathFactory) -> Population:
    """A mixed population of 6,000 accounts."""
    return generate("mixed", 6_000, seed=11, out=tmp_path_factory.mktemp("mixed") / "population")


@pytest.fixture
def small_mixed(tmp_path: Path) -> Population:
    return generate("mixed", 600, seed=5, out=tmp_path / "one", days=30)
