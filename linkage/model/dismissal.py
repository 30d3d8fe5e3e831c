"""What was dismissed stays dismissed, unless what speaks for abuse has changed materially since people looked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

#: A dismissed cluster comes back when it has more members than this times those that people looked at: else whatever
#: joins it would be hidden with it.
GROWN = 1.5
#: And when fewer than this share of its members are among those that people looked at.
KNOWN = 0.5


@dataclass(frozen=True, slots=True)
class Look:
    """What a refresh shows of a cluster. ``members``: surrogate ids; ``kinds``: kind of evidence → points for abuse."""

    members: frozenset[int]
    tier: int
    kinds: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Dismissal:
    """A verdict of benign about a cluster. ``changed``: what has changed materially since; while nothing has, it holds.

    >>> Dismissal("k-1", ("it has 40 members, and had 20",)).holds
    False
    """

    case_id: str
    changed: tuple[str, ...] = ()

    @property
    def holds(self) -> bool:
        """Whether the cluster stays dismissed."""
        return not self.changed


def changed(then: Look, now: Look, kind_points: float) -> tuple[str, ...]:
    """What is materially otherwise than when people looked, in sentences; nothing where all of it is within bounds.

    Material is: half as many members again; half of the members being others; a tier nearer to a flag; or a kind of
    evidence for abuse that has come to ``kind_points``, by as much: what a flag asks of a second kind.
    """
    found = []
    before, after = len(then.members), len(now.members)
    if after > GROWN * before:
        found.append(f"it has {after:,} members, and had {before:,}")
    known = len(now.members & then.members)
    if known < KNOWN * after:
        found.append(f"{after - known:,} of its {after:,} members are not those that people looked at")
    if now.tier < then.tier:
        found.append(f"it is in tier {now.tier}, and was in tier {then.tier}")
    for kind in sorted(now.kinds):
        points, had = now.kinds[kind], then.kinds.get(kind, 0.0)
        if points >= kind_points > had and points - had >= kind_points:
            found.append(f"evidence of the kind {kind} gives {points:+.1f} points, and gave {had:+.1f}")
    return tuple(found)
