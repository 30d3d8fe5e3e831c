"""The table ``baseline`` of a bundle, for a re-run to look things up in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from linkage.model import given
from linkage.model.rows import rows_of
from linkage.scoring.baseline import Baseline
from linkage.scoring.effects import CELLS, Expected
from linkage.scoring.organizations import Firms
from linkage.scoring.structure import Usual

if TYPE_CHECKING:
    import pyarrow
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Given:
    """Rows of the baseline, by measure."""

    rows: Mapping[str, tuple[Mapping[str, Any], ...]]

    @classmethod
    def of(cls, table: pyarrow.Table) -> Given:
        """The rows of ``table``."""
        by_measure: dict[str, list[Mapping[str, Any]]] = {}
        for row in rows_of(table):
            by_measure.setdefault(row["measure"], []).append(row)
        return cls({name: tuple(rows) for name, rows in by_measure.items()})

    def values(self, measure: str) -> NDArray[np.float64]:
        """Figures of ``measure``, by rising number."""
        rows = sorted(self.rows.get(measure, ()), key=lambda row: row["number"])
        return np.array([row["value"] for row in rows], dtype=np.float64)

    def numbers(self, measure: str) -> tuple[int, ...]:
        """What ``measure`` has figures of, rising."""
        return tuple(sorted(row["number"] for row in self.rows.get(measure, ())))

    def items(self, measure: str) -> tuple[list[str], list[float]]:
        """Items and figures of ``measure``."""
        rows = self.rows.get(measure, ())
        return [row["item"] for row in rows], [float(row["value"]) for row in rows]

    def count(self, measure: str) -> int:
        """The one figure of ``measure``; 0 where there is none."""
        return int(sum(row["value"] for row in self.rows.get(measure, ())))

    def least(self, measure: str, otherwise: float) -> float:
        """The lowest figure of ``measure``; ``otherwise`` where there is none."""
        return min((float(row["value"]) for row in self.rows.get(measure, ())), default=otherwise)

    def known(self, item: str) -> int:
        """Accounts of whom ``item`` is known."""
        return int(sum(row["value"] for row in self.rows.get(given.KNOWN, ()) if row["item"] == item))

    def touching(self, kinds: tuple[str, ...]) -> NDArray[np.int64]:
        """Accounts that identifiers of each kind tie to the cluster."""
        by_kind = dict(zip(*self.items(given.TOUCHING), strict=True))
        return np.array([by_kind.get(kind, 0) for kind in kinds], dtype=np.int64)

    @property
    def capability_names(self) -> list[str]:
        """Capabilities that anybody drew on, sorted."""
        return sorted(self.items(given.CAPABILITY_SPREAD)[0])

    def baseline(self) -> Baseline:
        """What the cluster is compared with."""
        (usual,) = self.items(given.USUAL)[1] or (0.0,)
        (volume,) = self.items(given.VOLUME_SPREAD)[1] or (None,)
        (sizes,) = self.items(given.SIZES_SPREAD)[1] or (None,)
        return Baseline(
            features=self._expected(given.MEAN, given.DEVIATION, given.SPREAD),
            capabilities=self._expected(given.CAPABILITY_MEAN, given.CAPABILITY_DEVIATION, given.CAPABILITY_SPREAD),
            usual=usual,
            varied=self._among(given.VARIED_MIDDLE, given.VARIED_SPREAD),
            alike=self._among(given.ALIKE_MIDDLE, given.ALIKE_SPREAD),
            handed=self._among(given.HANDED_MIDDLE, given.HANDED_SPREAD),
            volume=volume,
            sizes=sizes,
            firms=Firms(*(np.array(self.numbers(of), dtype=np.int64) for of in (given.FIRM, given.FIRM_DOMAIN))),
        )

    def _among(self, *measures: str) -> Usual | None:
        found = [value for measure in measures for value in self.items(measure)[1]]
        return Usual(*found) if found else None

    def _expected(self, mean: str, deviation: str, spread: str) -> dict[str, Expected]:
        def cells(measure: str, item: str) -> NDArray[np.float64]:
            grid = np.full(CELLS, np.nan)
            for row in self.rows.get(measure, ()):
                if row["item"] == item:
                    grid[row["number"]] = row["value"]
            return grid

        return {
            item: Expected(cells(mean, item), cells(deviation, item) ** 2, value**2)
            for item, value in zip(*self.items(spread), strict=True)
        }


def touching_kinds(baseline: pyarrow.Table, cluster: str) -> tuple[str, ...]:
    """Identifier kinds that were on in the refresh, by the table ``baseline`` of its snapshot."""
    rows = baseline.select(["measure", "cluster_id", "item"]).to_pylist()
    return tuple(row["item"] for row in rows if row["measure"] == given.TOUCHING and row["cluster_id"] == cluster)
