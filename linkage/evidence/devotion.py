"""How far nobody uses an identifier in passing: what tells a group's own template from a public one of like degree.

A public template has many who use it once beside work of their own, and few who live by it. A template that a campaign
wrote for itself has no visitors: every account that uses it does so for about as much of its work as the next. That
needs no second identifier in common, and so it sees a hub that is a group's only tie.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from linkage.evidence.incidence import Incidence

#: Fewer accounts say nothing: chance alone makes their shares even.
_FEW = 8
#: Identifiers of a kind that tell what is usual for it.
_COMPARED = 10
#: Accounts at which half of what is measured counts. Public templates of 8 to 16 accounts reach .8 by chance, those of
#: 64 and more at most .2, campaigns' own .3 to .9 at any degree.
_STRENGTH = 16.0


def devotion(incidence: Incidence, network: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Devotion of the accounts on each identifier (M): 0 as usual for its kind or less, 1 all to the same part.

    The measure is the evenness of the parts p of their work that its accounts do with it, E[p]² / E[p²], above what is
    usual: the median of its kind over sightings. Where fewer than ten can be compared there is none, and none for a
    ``network`` kind (K): a fixed line is as even as an exit.
    """
    degree = incidence.degree.astype(np.float64)
    at = incidence.edge_identifier
    part = np.minimum(incidence.edge_events / np.maximum(incidence.account_events, 1.0)[incidence.edge_account], 1.0)
    mean = np.bincount(at, part, incidence.identifiers) / np.maximum(degree, 1.0)
    square = np.bincount(at, part**2, incidence.identifiers)
    variance = np.maximum(square - degree * mean**2, 0.0) / np.maximum(degree - 1.0, 1.0)
    evenness = np.divide(mean**2, mean**2 + variance, out=np.zeros(len(mean)), where=mean > 0)
    out = np.zeros(incidence.identifiers)
    for kind in np.flatnonzero(~network):
        judged = np.flatnonzero((incidence.kind == kind) & (degree >= _FEW))
        if len(judged) < _COMPARED:
            continue
        rising = judged[np.argsort(evenness[judged], kind="stable")]
        sightings = np.cumsum(degree[rising])
        usual = evenness[rising[np.searchsorted(sightings, sightings[-1] / 2.0)]]
        if usual < 1.0:
            out[judged] = np.clip((evenness[judged] - usual) / (1.0 - usual), 0.0, 1.0)
    return out * degree / (degree + _STRENGTH)
