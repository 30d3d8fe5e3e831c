"""Clusters against labelled truth, beside simpler methods in the same run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from linkage.evaluation import baselines, metrics
from linkage.evaluation.baselines import Edges

if TYPE_CHECKING:
    import pandas
    from numpy.typing import NDArray

__all__ = ["Edges", "Evaluation", "Measured", "evaluate"]


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


def evaluate(members: pandas.DataFrame, truth: pandas.DataFrame, edges: Edges | None = None) -> Evaluation:
    """Measure ``members`` (as the verb lists them) against ``truth``; with ``edges``, beside the baselines.

    An account's score is ``cluster_score × membership``, 0 outside clusters. B-cubed is over malicious accounts on all
    clusters, accounts without one standing alone. An account of the truth without events counts as not found.
    """
    known = truth.drop_duplicates("account_id").reset_index(drop=True)
    account_ids = known["account_id"].astype(str)
    malicious = known["malicious"].to_numpy(dtype=bool)
    group = _numbers(known["group_id"])
    group_kind = known["group_kind"].fillna("").replace("", "ordinary").astype(str).to_numpy()
    mine = members.drop_duplicates("account_id").set_index("account_id").reindex(account_ids)
    score = (mine["cluster_score"].astype(float) * mine["membership"].astype(float)).fillna(0.0).to_numpy()
    label = _numbers(mine["cluster_id"])
    flagged = mine["flagged"].fillna(value=False).to_numpy(dtype=bool) & (
        mine["membership"].fillna(0.0).to_numpy(dtype=float) >= 0.5
    )
    out = [_measure("linkage", label, flagged, score, malicious, group, group_kind)]
    if edges is not None:
        position = {account: at for at, account in enumerate(edges.accounts)}
        at = np.array([position.get(account, -1) for account in account_ids], dtype=np.int64)
        theirs = np.zeros(len(edges.accounts), dtype=bool)
        theirs[at[at >= 0]] = malicious[at >= 0]
        for baseline in baselines.run(edges, theirs):
            seen = at >= 0
            their_label = np.where(seen, baseline.label[at], -1)
            their_flags = seen & baseline.flagged[at]
            out.append(_measure(baseline.method, their_label, their_flags, None, malicious, group, group_kind))
    return Evaluation(tuple(out))


def _numbers(column: pandas.Series) -> NDArray[np.int64]:
    import pandas

    codes, _values = pandas.factorize(column.replace("", None), sort=True)
    return np.asarray(codes, dtype=np.int64)


def _measure(
    method: str,
    label: NDArray[np.int64],
    flagged: NDArray[np.bool_],
    score: NDArray[np.float64] | None,
    malicious: NDArray[np.bool_],
    group: NDArray[np.int64],
    group_kind: NDArray[np.object_],
) -> Measured:
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
