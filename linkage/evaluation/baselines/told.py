"""No method but a limit: what sharing could show whoever was told which identifiers are campaigns' own.

What is found by time alone is not in it. An account of a campaign that was replaced after an hour may share nothing
with the others, and no method that goes by what is shared finds it. Beside this row a figure says how far it is from
what the population holds.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from linkage.evaluation.baselines import connected
from linkage.evaluation.baselines.edges import Baseline, Edges

if TYPE_CHECKING:
    from linkage.evaluation.baselines.edges import Mask

#: Fewest accounts that are told of as a cluster, as everywhere in linkage.
_SMALLEST = 3


def run(edges: Edges, malicious: Mask) -> Iterator[Baseline]:
    """Malicious accounts in components of three or more, over identifiers most of whose accounts are malicious."""
    identifiers = int(edges.identifier.max(initial=-1)) + 1
    theirs = malicious[edges.account]
    inside = np.bincount(edges.identifier[theirs], minlength=identifiers)
    own = inside > 0.5 * np.bincount(edges.identifier, minlength=identifiers)
    label = connected.components(edges, theirs & own[edges.identifier])
    size = np.bincount(label[label >= 0], minlength=1)
    found = (label >= 0) & (size[label] >= _SMALLEST)
    yield Baseline("limit of sharing: told which identifiers are campaigns' own", np.where(found, label, -1), found)
