"""Simpler and published methods on the same data, each at the threshold that suits it best on the truth at hand.

They ship with the evaluation so that a figure never stands alone. Each is a module with ``run``: from edges and the
truth, which serves to find its best threshold only, to clusters and flags.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from linkage.evaluation.baselines import (
    connected,
    evilcohort,
    fellegi_sunter,
    fraudar,
    modularity,
    pacheco,
    synchrotrap,
    told,
    volume_rule,
)
from linkage.evaluation.baselines.edges import Actions, Baseline, Edges

if TYPE_CHECKING:
    from linkage.evaluation.baselines.edges import Mask

__all__ = ["LIMITS", "METHODS", "QUICK", "Actions", "Baseline", "Edges", "run"]

#: Every method by the name that it is asked for with.
METHODS: Mapping[str, Callable[[Edges, Mask], Iterator[Baseline]]] = {
    "components": connected.run,
    "modularity": modularity.run,
    "fellegi-sunter": fellegi_sunter.run,
    "evilcohort": evilcohort.run,
    "pacheco": pacheco.run,
    "fraudar": fraudar.run,
    "synchrotrap": synchrotrap.run,
    "volume": volume_rule.run,
}
#: What is told the truth itself. Only who names it gets it: among the methods it would pass for one.
LIMITS: Mapping[str, Callable[[Edges, Mask], Iterator[Baseline]]] = {"limit": told.run}
#: What is measured unless more is asked for.
QUICK = ("components", "modularity", "fellegi-sunter", "evilcohort", "fraudar", "volume")


def run(edges: Edges, malicious: Mask, methods: Sequence[str]) -> Iterator[Baseline]:
    """What each of ``methods``, of METHODS and LIMITS, gives in turn; ``malicious`` by account position."""
    known = {**METHODS, **LIMITS}
    for method in methods:
        yield from known[method](edges, malicious)
