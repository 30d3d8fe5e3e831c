"""Where the members of a community end: their scores are followed down for as long as accounts get no more frequent.

A bar that is a part of what members score leaves out the tail of a community whose members are tied by little: some
stand on ten things, some on one. Passengers meet a community on one or two of the things it stands on, so that there
are the more of them the lower the score. Going down from the bar, members alone get rarer, or stay as frequent; where
accounts become more frequent again, passengers begin. Only communities large enough to tell the two apart are followed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: Steps from the members' median down to nothing, equal in the square root of the score: a score adds up what is
#: counted, and the root of a count varies about as much wherever it is (Anscombe 1948).
_STEPS = 12
#: So many times as frequent as above, and they are not the members' own; and accounts that two steps above have in the
#: mean, at least, for such a rise to be no chance.
_RISE, _LEAST = 1.5, 20
#: Accounts from the bar on that a community has at least: as many in each step up to the median.
_LARGE = _LEAST * _STEPS // 2
#: Least score of a member, bits: twice as likely as not.
LOWEST = 1.0
#: Scores are compared to so many digits: what is computed again differs in the last ones.
DIGITS = 9


def followed(score: NDArray[np.float64], community: NDArray[np.int64], bar: NDArray[np.float64]) -> NDArray[np.float64]:
    """``bar`` (C), lowered where the members' scores go on below it, down to one bit.

    ``score``, ``community``: bits of every account considered, in any order.
    """
    score = np.round(score, DIGITS)
    above = score >= np.round(bar, DIGITS)[community]
    many = (np.bincount(community[above], minlength=len(bar)) >= _LARGE) & (bar > LOWEST)
    rows = np.flatnonzero(many[community] & (score >= LOWEST))
    rows = rows[np.lexsort((score[rows], community[rows]))]
    bounds = np.searchsorted(community[rows], np.arange(len(bar) + 1))
    out = bar.copy()
    for at in np.flatnonzero(many).tolist():
        roots = np.sqrt(score[rows[bounds[at] : bounds[at + 1]]])
        end = _end(roots, float(np.sqrt(np.round(bar[at], DIGITS))))
        if end is not None:
            out[at] = np.round(end**2, DIGITS)
    return out


def _end(roots: NDArray[np.float64], bar: float) -> float | None:
    """Where the members end, None for the bar: ``roots`` of scores, ascending, those from ``bar`` on are members'."""
    step = float(np.median(roots[np.searchsorted(roots, bar) :])) / _STEPS

    def within(low: float, high: float) -> int:
        return int(np.searchsorted(roots, high) - np.searchsorted(roots, low))

    end, lowest = bar, float(np.sqrt(LOWEST))
    # Members are rarest just above the bar, or else who is below it is somebody else.
    up_to_median = range(max(1, int(_STEPS - bar / step + 1e-9) - 1))
    usual = min(within(bar + at * step, bar + (at + 2) * step) / 2.0 for at in up_to_median)
    while end > lowest:
        below = max(end - step, lowest)
        # The last step is shorter. Where there is nearly nobody the members have ended.
        expected, found = usual * (end - below) / step, within(below, end)
        if usual < _LEAST or not expected * _LEAST / usual <= found <= _RISE * expected:
            break
        end = below
        usual = min(usual, within(end, end + 2 * step) / 2.0)
    return end if end < bar else None
