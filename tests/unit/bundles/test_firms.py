"""A cluster of some people of several firms is computed again from its bundle, which holds few of each firm."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from linkage import Workspace

LABORATORIES, PEOPLE, HERE = 8, 14, 4


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """Eight laboratories of fourteen, of each of which four ask what a benchmark asks, among six hundred others."""
    folder = tmp_path_factory.mktemp("firms")
    random = np.random.default_rng(11)
    events = ["event_time,account_id,ip_address,payment_instrument,template_hash,input_tokens,output_tokens"]
    accounts = ["account_id,created_at,organization_id,email_domain"]

    def used(account: str, address: str, card: str, template: str) -> None:
        day, second = random.integers(1, 29), random.integers(0, 86_400)
        time = f"2026-03-{day:02}T{second // 3600:02}:{second // 60 % 60:02}:{second % 60:02}Z"
        events.append(f"{time},{account},{address},{card},{template},{random.integers(50, 5_000)},200")

    for laboratory in range(LABORATORIES):
        for person in range(PEOPLE):
            name = f"person-{laboratory}-{person}"
            accounts.append(f"{name},2025-06-01T00:00:00Z,org-{laboratory},lab{laboratory}.example")
            office, card = f"198.18.{laboratory}.1", f"card-of-{name}"
            for _ in range(4):
                used(name, office, card, f"own-{name}-{random.integers(4)}")
            if person < HERE:
                for task in range(12):
                    used(name, office, card, f"benchmark-{task:02}")
    for number in range(600):
        name = f"somebody-{number:03}"
        accounts.append(f"{name},2025-09-01T00:00:00Z,,mail.example")
        for _ in range(6):
            home = f"203.0.{113 + number % 2}.{number // 3 % 250}"
            used(name, home, f"card-{number}", f"public-{random.zipf(1.5) % 40}")
    for path, lines in (("events.csv", events), ("accounts.csv", accounts)):
        (folder / path).write_text("\n".join(lines) + "\n", encoding="utf-8")
    made = Workspace(folder / "workspace")
    report = made.ingest(folder / "events.csv", accounts=folder / "accounts.csv")
    assert report.accepted == len(events) - 1
    made.refresh(window="all")
    made.bundles.new_key()
    return made


@pytest.mark.parametrize("profile", ["internal", "public"])
def test_firms_are_the_same_firms_in_the_bundle(workspace: Workspace, profile: str, tmp_path: Path) -> None:
    terms = workspace.snapshot().table("cluster_terms").to_pandas()
    of_firms = terms[(terms.term == "one_organization") & terms.sentence.str.contains(f"belong to {LABORATORIES} org")]
    (cluster,) = of_firms.cluster_id
    assert of_firms.points.item() == pytest.approx(-3.0 - np.log2(LABORATORIES / 3))
    assert len(workspace.members(cluster)) == LABORATORIES * HERE
    made = workspace.bundles.export(cluster, profile=profile, output=tmp_path)
    assert workspace.bundles.verify(made.path, rerun=True).fault is None
