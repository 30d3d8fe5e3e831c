"""A confirmed campaign whose accounts are all replaced: the new ones are flagged earlier, and nobody else is raised.

Half of forty days are lived through, people confirm the campaign's clusters, every one of its accounts is closed, and
new ones go on with what the old ones would have done.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from linkage import Workspace
from linkage.scoring.followers import FOLLOWERS
from linkage.synthetic import generate

pytestmark = pytest.mark.long

ACCOUNTS, DAYS, BEFORE, SEED = 4_000, 40, 20, 1
#: Days after the change at whose ends there is a refresh, of what came since alone.
AFTER = (2, 6)


@dataclass(frozen=True)
class Told:
    """What one refresh found: by cluster, its size, newcomers of the campaign in it, tier, abuse and term's points."""

    clusters: pd.DataFrame
    flagged: int

    @property
    def theirs(self) -> pd.DataFrame:
        """Clusters that are mostly the campaign's."""
        return self.clusters[self.clusters["new"] > 0.5 * self.clusters["size"]]

    @property
    def abuse(self) -> float:
        """Mean abuse score of the campaign's accounts in clusters of their own."""
        theirs = self.theirs
        return float((theirs["abuse_score"] * theirs["new"]).sum() / theirs["new"].sum())


@dataclass(frozen=True)
class Lived:
    """Days after the change → what was found, with verdicts and without; and the accounts that were told to follow."""

    decided: dict[int, Told]
    plain: dict[int, Told]
    followers: set[str]
    new: frozenset[str]


def told(workspace: Workspace, new: frozenset[str]) -> Told:
    clusters, members = workspace.clusters().set_index("cluster_id"), workspace.members()
    members["new"] = members["account_id"].isin(new)
    terms = workspace.snapshot().table("cluster_terms").to_pandas()
    points = terms[terms["term"] == FOLLOWERS].set_index("cluster_id")["points"]
    found = clusters[["size", "tier", "abuse_score"]].assign(
        new=members.groupby("cluster_id")["new"].sum(), points=points.reindex(clusters.index).fillna(0.0)
    )
    return Told(found, int((members["flagged"] & members["new"]).sum()))


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Lived:
    folder: Path = tmp_path_factory.mktemp("followers")
    population = generate("proxy_pool", ACCOUNTS, SEED, folder / "files", days=DAYS)
    truth = pd.read_csv(population.truth, dtype=str, keep_default_na=False)
    malicious = set(truth.loc[truth["malicious"] == "true", "account_id"])
    events = pa.concat_tables(pq.read_table(path) for path in sorted(Path(population.events).rglob("*.parquet")))
    time = events["event_time"]
    first = pc.min(time).as_py()
    change = first.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=BEFORE)
    replaced = pc.and_(
        pc.greater_equal(time, pa.scalar(change, type=time.type)),
        pc.is_in(events["account_id"], pa.array(sorted(malicious))),
    )
    named = pc.binary_join_element_wise(events["account_id"], "new", "-")
    at = events.schema.get_field_index("account_id")
    events = events.set_column(at, "account_id", pc.if_else(replaced, named, events["account_id"]))
    pq.write_table(events, folder / "events.parquet")
    workspace = Workspace(folder / "decided", actor="tester")
    workspace.ingest(
        folder / "events.parquet",
        accounts=population.accounts,
        address_ranges=population.address_ranges,
        model_releases=population.model_releases,
    )
    moment = timedelta(microseconds=1)
    workspace.refresh(as_of=change - moment, window=f"{BEFORE}d")
    plain = Workspace(shutil.copytree(workspace.path, folder / "plain"), actor="tester")
    members = workspace.members()
    for cluster, accounts in members.groupby("cluster_id")["account_id"]:
        benign = sorted(set(accounts) - malicious)
        if 2 * len(benign) < len(accounts):
            case = workspace.acting_as("ann").case.propose(cluster, "confirmed", ["shared_payment"], exclude=benign)
            workspace.acting_as("bob").case.approve(case.case_id)
    assert workspace.case.list()
    new = frozenset(f"{account}-new" for account in malicious)
    found: dict[str, dict[int, Told]] = {"decided": {}, "plain": {}}
    for days in AFTER:
        for name, one in (("decided", workspace), ("plain", plain)):
            one.refresh(as_of=change + timedelta(days=days) - moment, window=f"{days}d")
            found[name][days] = told(one, new)
    return Lived(found["decided"], found["plain"], set(workspace.followers()["account_id"]), new)


def test_replacement_accounts_count_as_abuse_days_earlier(lived: Lived) -> None:
    assert lived.plain[2].flagged == 0, "two days alone are too little to flag them on"
    assert lived.decided[6].flagged >= 15
    for days in AFTER:
        assert lived.decided[days].abuse >= lived.plain[days].abuse + 2.0


def test_nobody_else_is_raised(lived: Lived) -> None:
    for days in AFTER:
        others = lived.decided[days].clusters.drop(index=lived.decided[days].theirs.index)
        assert len(others) >= 30
        assert (others["points"] == 0.0).all()
        assert (others["tier"] > 1).all()
        assert (lived.plain[days].clusters["points"] == 0.0).all(), "without a verdict there is no such term"


def test_those_who_are_listed_are_the_replacements(lived: Lived) -> None:
    right = len(lived.followers & lived.new)
    assert right >= 45
    assert right >= 0.85 * len(lived.followers)
