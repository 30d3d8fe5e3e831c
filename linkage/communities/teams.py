"""Communities that many things tie to each other which nobody else uses: one operator's, of whom each part works apart.

Whoever hands out two sets of prompts, and a third to everybody, makes two communities. An account of one meets the
other on a third of what ties it to its own, which is not enough to be taken for a member of both. But a dozen prompts
that a good part of both use, and nobody in the rest of the population, are no coincidence of two groups.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from linkage.sorted_keys import first_of_each

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from linkage.communities.stands import Enriched
    from linkage.evidence.incidence import Incidence
    from linkage.evidence.trust import Trust

    Whole = NDArray[np.int64]

#: Share of an identifier's accounts that the communities on it have together, from which it is theirs; and the share
#: that each of them has at least.
_THEIRS, _PART = 0.9, 0.1
#: Share of the members of each that use what is theirs, from which they belong together.
_USE = 0.25
#: How many these things are at least, as many as would be used equally.
_SEVERAL = 5.0
#: Part of these things that one who uses any uses at most: else they come together, as the prompts of a tool do.
_IN_TURN = 0.5


@dataclass(frozen=True, slots=True)
class _Cells:
    """Members of one community on one thing, a row each: ``community``, how many, and where they begin in ``account``.

    Rows come by ``thing``, then community.
    """

    thing: Whole
    community: Whole
    count: Whole
    start: Whole
    account: Whole

    def users(self, row: Whole, group: Whole, accounts: int) -> tuple[Whole, Whole]:
        """Group of each user of the cells ``row``, which are of ``group`` (both R), and how many cells it uses."""
        count = self.count[row]
        at = np.repeat(self.start[row] - (np.cumsum(count) - count), count) + np.arange(int(count.sum()))
        user, cells = np.unique(np.repeat(group, count) * accounts + self.account[at], return_counts=True)
        return user // accounts, cells


def in_common(
    incidence: Incidence, stands: Enriched, label: Whole, communities: int, trust: Trust
) -> tuple[Whole, Whole]:
    """Pairs of communities (P, P) that belong together by what nobody else uses; each joins one that is larger.

    Of the members of each, a quarter at least use something that is theirs: both stand on it, each with a tenth of its
    accounts or more, and two, and hardly anybody else has it. A few stolen cards make no operator: five such things
    there have to be, counted as if used equally. Nor does a tool, whose prompts come together: but for one of them,
    those of each who use any use half at most, in the mean, which fewer than five cannot. Addresses do not count. A
    community joins the one with which most of both use such things.

    ``stands``: of ``communities`` as they were measured; ``label`` (N, −1 for none): who is of them by now.
    """
    cells = _theirs(incidence, stands, label, communities, trust)
    left, right = _beside(cells)
    pair, of = np.unique(cells.community[left] * communities + cells.community[right], return_inverse=True)
    low, high = pair // communities, pair % communities
    size = np.bincount(label[label >= 0], minlength=communities)
    least = np.ones(len(pair))
    for row, side in ((left, low), (right, high)):
        on = cells.count[row].astype(np.float64)
        squares = np.bincount(of, on**2, len(pair))
        varied = np.divide(np.bincount(of, on, len(pair)) ** 2, squares, out=np.zeros(len(pair)), where=squares > 0)
        user, things = cells.users(row, of, incidence.accounts)
        people = np.bincount(user, minlength=len(pair))
        share = people / np.maximum(size[side], 1)
        in_turn = np.bincount(user, things, len(pair)) <= _IN_TURN * (varied - 1.0) * people
        least = np.where((share >= _USE) & (varied >= _SEVERAL) & in_turn, np.minimum(least, share), 0.0)
    smaller = np.where(size[low] <= size[high], low, high)
    order = np.lexsort((np.arange(len(pair)), -least, smaller))
    order = order[least[order] > 0.0]
    order = order[first_of_each(smaller[order])]
    return low[order], high[order]


def _theirs(incidence: Incidence, stands: Enriched, label: Whole, communities: int, trust: Trust) -> _Cells:
    """Members of the communities of ``label`` on what several of them stand on and hardly anybody else uses.

    It has to be worth no less than is usual for its kind and degree.
    """
    on_it = np.bincount(stands.identifier, minlength=incidence.identifiers)
    worth = trust.theta >= trust.usual
    thing = np.flatnonzero((on_it >= 2) & worth & ~trust.network[incidence.kind])
    degree = incidence.degree[thing].astype(np.int64)
    at = np.repeat(incidence.identifier_start[thing] - (np.cumsum(degree) - degree), degree)
    account = incidence.edge_account[incidence.identifier_edge[at + np.arange(len(at))]].astype(np.int64)
    number = np.repeat(np.arange(len(thing)), degree)
    inside = np.flatnonzero(label[account] >= 0)
    cell = number[inside] * communities + label[account[inside]]
    order = np.argsort(cell, kind="stable")
    cell, start, count = np.unique(cell[order], return_index=True, return_counts=True)
    of = cell // communities
    stand = np.isin(thing[of] * communities + cell % communities, stands.identifier * communities + stands.community)
    part = stand & (count >= np.maximum(2.0, _PART * degree[of]))
    theirs = np.bincount(of[part], count[part], len(thing)) >= _THEIRS * degree
    kept = part & theirs[of]
    return _Cells(of[kept], cell[kept] % communities, count[kept], start[kept], account[inside[order]])


def _beside(cells: _Cells) -> tuple[Whole, Whole]:
    """Rows of every two communities on one thing, the lower one first; each has a tenth of it, so that they are few."""
    lefts, rights = [], []
    for apart in range(1, int(1 / _PART)):
        left = np.flatnonzero(cells.thing[:-apart] == cells.thing[apart:])
        lefts.append(left)
        rights.append(left + apart)
    return np.concatenate(lefts), np.concatenate(rights)
