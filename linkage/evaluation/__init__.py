"""Clusters against labelled truth, beside simpler methods in the same run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from linkage.evaluation import baselines, metrics
from linkage.evaluation.baselines import LIMITS, METHODS, QUICK, Actions, Baseline, Edges

if TYPE_CHECKING:
    import pandas
    from numpy.typing import NDArray

__all__ = [
    "LIMITS",
    "METHODS",
    "QUICK",
    "Actions",
    "Baseline",
    "Edges",
    "Evaluation",
    "Measured",
    "evaluate",
    "malicious_of",
    "measure",
]


@dataclass(frozen=True, slots=True)
class Measured:
    """Figures of one method. ``flagged_benign``: flagged accounts by kind of benign group, with how many there are."""

    method: str
    precision: float
    recall: float
    f1: float
    average_precision: float | None
    b_cubed_precision: float
    b_cubed_recall: float
    b_cubed_f1: float
    campaigns: int
    campaigns_recovered: int
    flagged_accounts: int
    false_flags_per_100000: float
    flagged_benign: str


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What was measured: linkage first, then the baselines, each at the threshold that suits it best."""

    methods: tuple[Measured, ...]

    def to_frame(self) -> pandas.DataFrame:
        """One row a method."""
        import pandas

        rows = [{name: getattr(method, name) for name in Measured.__slots__} for method in self.methods]
        return pandas.DataFrame(rows, columns=list(Measured.__slots__))


def evaluate(
    members: pandas.DataFrame,
    truth: pandas.DataFrame,
    edges: Edges | None = None,
    methods: Sequence[str] = QUICK,
) -> Evaluation:
    """Measure ``members`` (as the verb lists them) against ``truth``; with ``edges``, beside ``methods``.

    ``methods``: of METHODS and LIMITS.
    An account's score is ``cluster_score × membership``, 0 outside clusters. B-cubed is over malicious accounts on all
    clusters, accounts without one standing alone. An account of the truth without events counts as not found.
    """
    known = _Truth.of(truth)
    mine = members.drop_duplicates("account_id").set_index("account_id").reindex(known.account_ids)
    score = (mine["cluster_score"].astype(float) * mine["membership"].astype(float)).fillna(0.0).to_numpy()
    flagged = mine["flagged"].fillna(value=False).to_numpy(dtype=bool) & (
        mine["membership"].fillna(0.0).to_numpy(dtype=float) >= 0.5
    )
    out = [_measure("linkage", _numbers(mine["cluster_id"]), flagged, score, known)]
    if edges is not None:
        at = known.positions(edges.accounts)
        theirs = known.malicious_at(at, len(edges.accounts))
        out += [_beside(baseline, at, known) for baseline in baselines.run(edges, theirs, methods)]
    return Evaluation(tuple(out))


def measure(baseline: Baseline, accounts: Sequence[str], truth: pandas.DataFrame) -> Measured:
    """Figures of what a method gave for ``accounts``, in their order, against ``truth``."""
    known = _Truth.of(truth)
    return _beside(baseline, known.positions(accounts), known)


def malicious_of(accounts: Sequence[str], truth: pandas.DataFrame) -> NDArray[np.bool_]:
    """Which of ``accounts`` the ``truth`` calls malicious, in their order; one that it does not know is not."""
    known = _Truth.of(truth)
    return known.malicious_at(known.positions(accounts), len(accounts))


@dataclass(frozen=True, slots=True)
class _Truth:
    """A row an account: its id, whether it is ``malicious``, the number of its ``group`` (−1 for none) and the kind."""

    account_ids: pandas.Series
    malicious: NDArray[np.bool_]
    group: NDArray[np.int64]
    group_kind: NDArray[np.object_]

    @staticmethod
    def of(truth: pandas.DataFrame) -> _Truth:
        known = truth.drop_duplicates("account_id").reset_index(drop=True)
        return _Truth(
            known["account_id"].astype(str),
            known["malicious"].to_numpy(dtype=bool),
            _numbers(known["group_id"]),
            known["group_kind"].fillna("").replace("", "ordinary").astype(str).to_numpy(),
        )

    def positions(self, accounts: Sequence[str]) -> NDArray[np.int64]:
        """Where each account of the truth is among ``accounts``; −1 where it is not."""
        position = {account: at for at, account in enumerate(accounts)}
        return np.array([position.get(account, -1) for account in self.account_ids], dtype=np.int64)

    def malicious_at(self, at: NDArray[np.int64], accounts: int) -> NDArray[np.bool_]:
        theirs = np.zeros(accounts, dtype=bool)
        theirs[at[at >= 0]] = self.malicious[at >= 0]
        return theirs


def _beside(baseline: Baseline, at: NDArray[np.int64], known: _Truth) -> Measured:
    seen = at >= 0
    label = np.full(len(at), -1, np.int64)
    label[seen] = baseline.label[at[seen]]
    flagged = np.zeros(len(at), dtype=bool)
    flagged[seen] = baseline.flagged[at[seen]]
    return _measure(baseline.method, label, flagged, None, known)


def _numbers(column: pandas.Series) -> NDArray[np.int64]:
    import pandas

    codes, _values = pandas.factorize(column.replace("", None), sort=True)
    return np.asarray(codes, dtype=np.int64)


def _measure(
    method: str,
    label: NDArray[np.int64],
    flagged: NDArray[np.bool_],
    score: NDArray[np.float64] | None,
    known: _Truth,
) -> Measured:
    malicious, group, group_kind = known.malicious, known.group, known.group_kind
    flags = metrics.flags(flagged, malicious)
    grouping = metrics.b_cubed(label, group, malicious)
    overlaps = metrics.recovered(label, flagged, group, malicious)
    benign = ~malicious
    told = []
    for kind in sorted({str(name) for name in group_kind[flagged & benign]}):
        of_kind = benign & (group_kind == kind)
        told.append(f"{kind} {int((flagged & of_kind).sum())}/{int(of_kind.sum())}")
    return Measured(
        method=method,
        precision=flags.precision,
        recall=flags.recall,
        f1=flags.f1,
        average_precision=(
            metrics.average_precision(score, malicious) if score is not None and malicious.any() else None
        ),
        b_cubed_precision=grouping.precision,
        b_cubed_recall=grouping.recall,
        b_cubed_f1=grouping.f1,
        campaigns=len(overlaps),
        campaigns_recovered=sum(1 for overlap in overlaps.values() if overlap >= 0.8),
        flagged_accounts=int(flagged.sum()),
        false_flags_per_100000=100_000.0 * float((flagged & benign).sum()) / max(1, int(benign.sum())),
        flagged_benign=", ".join(told),
    )
