"""Flag whoever makes many exchanges: the rule that a campaign of many accounts is built to stay below."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from linkage.evaluation.baselines.edges import Baseline, Edges

if TYPE_CHECKING:
    from linkage.evaluation.baselines.edges import Mask


def run(edges: Edges, malicious: Mask) -> Iterator[Baseline]:
    """Flag accounts above the number of events that is best on the truth."""
    events = edges.events
    order = np.argsort(-events, kind="stable")
    hit = np.cumsum(malicious[order])
    reached = 2 * hit / (np.arange(1, len(order) + 1) + max(1, int(malicious.sum())))
    flagged = np.zeros(len(events), dtype=np.bool_)
    if malicious.any():
        flagged[order[: int(np.argmax(reached)) + 1]] = True
    yield Baseline("volume rule", np.full(len(events), -1, np.int64), flagged)
