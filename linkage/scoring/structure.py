"""How a group shares what it shares: one card for all or many over a few each, one site or hundreds of exits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from linkage.evidence.incidence import Incidence

    FloatArray = NDArray[np.float64]
    IntArray = NDArray[np.int64]

#: Groups from which figures of all of them are taken.
ENOUGH = 10
#: Where a group works, and no exits: most of it uses each, hardly anyone else does, for weeks, and the group is there
#: rather than elsewhere. Share of the members, of the address's accounts, days, and share of what the group does from
#: addresses, also from those that others use.
_EVERYWHERE, _UNSHARED, _WEEKS, _MOSTLY = 0.5, 0.9, 14, 0.5
#: Least that groups are taken to differ in a figure, log2.
_LEAST_SPREAD = 0.25


@dataclass(frozen=True, slots=True)
class Sharing:
    """Per group (K), for one identifier kind, over identifiers that two or more members use.

    ``shared``: how many of them. ``exclusive``: how many of those have most of their accounts inside.
    ``effective``: effective number of exclusive ones, 2^entropy over members on them. ``top``: share of the members
    on the exclusive one with most members; ``top_events``: share of the members' events on it; ``top_days``: days
    between its first and last use. Addresses where most of a group works are one together: ``together`` is how many,
    and the days are their mean.
    ``covered``: share of members on an exclusive one; ``on``: those members, accounts; ``edges``: between
    these and exclusive ones.
    """

    shared: IntArray
    exclusive: IntArray
    effective: FloatArray
    top: FloatArray
    top_events: FloatArray
    top_days: FloatArray
    together: IntArray
    covered: FloatArray
    on: IntArray
    edges: IntArray


def sharing(
    incidence: Incidence,
    label: IntArray,
    groups: int,
    events: FloatArray,
    kinds: tuple[str, ...],
    exclusive_share: float,
    part: IntArray | None = None,
    place: IntArray | None = None,
) -> Sharing:
    """Measure the sharing of every group over the identifiers of ``kinds``.

    ``place`` (E): where in the network an edge leads; what is in equal use are places then, not identifiers. A firm's
    servers are one place, however many: most of its accounts come from each, for weeks, and nobody else. Of exits an
    account gets some, and so do other customers of whoever rents them out.

    ``part`` (N): organization within its group of each account, −1 for none; what is in equal use is measured within
    each, and within the rest.

    ``label`` (N): group of each account, −1 for none. ``events`` (N): events of each account. An identifier is
    exclusive when at least ``exclusive_share`` of its accounts are members: else a group could hide behind a campus.
    """
    wanted = np.isin(incidence.kind, [incidence.kinds.index(kind) for kind in kinds if kind in incidence.kinds])
    group = label[incidence.edge_account]
    edge = np.flatnonzero((group >= 0) & wanted[incidence.edge_identifier])
    key = group[edge] * incidence.identifiers + incidence.edge_identifier[edge]
    cell, inverse, count = np.unique(key, return_inverse=True, return_counts=True)
    of_group, identifier = cell // incidence.identifiers, cell % incidence.identifiers
    several = count >= 2
    exclusive = several & (count >= exclusive_share * incidence.degree[identifier])
    size = np.maximum(np.bincount(label[label >= 0], minlength=groups), 1)
    total = np.maximum(np.bincount(label[label >= 0], weights=events[label >= 0], minlength=groups), 1.0)
    on = np.bincount(inverse, weights=incidence.edge_events[edge], minlength=len(cell))
    first = np.full(len(cell), np.iinfo(np.int32).max, np.int64)
    last = np.zeros(len(cell), np.int64)
    np.minimum.at(first, inverse, incidence.edge_first[edge])
    np.maximum.at(last, inverse, incidence.edge_last[edge])

    mass = np.bincount(of_group[exclusive], weights=count[exclusive], minlength=groups)
    order = np.lexsort((identifier, -on, -count, of_group))
    order = order[exclusive[order]]
    lead = np.zeros(len(cell), dtype=np.bool_)
    lead[order[np.r_[True, of_group[order][1:] != of_group[order][:-1]]] if len(order) else order] = True
    end = identifier
    if place is not None:
        everywhere = exclusive & (count >= _EVERYWHERE * size[of_group]) & (last - first + 1 >= _WEEKS)
        everywhere &= count >= _UNSHARED * incidence.degree[identifier]
        there = np.bincount(of_group[everywhere], weights=on[everywhere], minlength=groups)
        everywhere &= (there >= _MOSTLY * np.bincount(of_group, weights=on, minlength=groups))[of_group]
        # One of them is what leads anyhow.
        everywhere &= (np.bincount(of_group[everywhere], minlength=groups) > 1)[of_group]
        several_lead = np.bincount(of_group[everywhere], minlength=groups) > 0
        lead = np.where(several_lead[of_group], everywhere, lead)
        # An address is in one place for a group, also where not every source tells the operator of its network.
        least = np.full(len(cell), np.iinfo(np.int64).max, np.int64)
        np.minimum.at(least, inverse, place[edge])
        # Places are counted from 0: what is below is a group's own.
        end = np.unique(np.where(everywhere, -1 - of_group, least), return_inverse=True)[1]
    own = exclusive[inverse]
    entropy = _entropy(edge[own], end[inverse[own]], incidence, label, groups, part)
    days = np.bincount(of_group[lead], weights=(count * (last - first + 1))[lead], minlength=groups)
    uses = np.bincount(of_group[lead], weights=count[lead], minlength=groups)
    at_top = np.unique(incidence.edge_account[edge[lead[inverse]]])
    touched = np.unique(incidence.edge_account[edge[own]])
    covered = np.bincount(label[touched], minlength=groups) / size
    return Sharing(
        shared=np.bincount(of_group[several], minlength=groups),
        exclusive=np.bincount(of_group[exclusive], minlength=groups),
        effective=np.where(mass > 0, np.exp2(entropy), 0.0),
        top=np.bincount(label[at_top], minlength=groups) / size,
        top_events=np.bincount(of_group[lead], weights=on[lead], minlength=groups) / total,
        top_days=days / np.maximum(uses, 1),
        together=np.bincount(of_group[lead], minlength=groups),
        covered=covered,
        on=touched,
        edges=edge[own],
    )


def _entropy(
    edge: IntArray, end: IntArray, incidence: Incidence, label: IntArray, groups: int, part: IntArray | None
) -> FloatArray:
    """Bits that tell at which ``end`` an edge of a group (K) is, given the part of the group that the edge is of."""
    account = incidence.edge_account[edge]
    within = label[account]
    if part is not None:
        within = np.where(part[account] >= 0, groups + part[account], within)
    parts, ends = int(within.max(initial=0)) + 1, int(end.max(initial=0)) + 1
    cell, at, count = np.unique(within * ends + end, return_inverse=True, return_counts=True)
    total = np.bincount(within, minlength=parts)
    bits = np.log2(total[cell // ends] / count)[at]
    mass = np.bincount(label[account], minlength=groups)
    return np.asarray(np.bincount(label[account], bits, groups) / np.maximum(mass, 1))


def part_of_sharing(found: Sharing, every: Sequence[Sharing]) -> FloatArray:
    """How much of all that a group shares (K, 0–1) is of one kind: members on it over members on each of ``every``."""
    covered = np.sum([one.covered for one in every], axis=0)
    return np.asarray(found.covered / np.where(covered > 0, covered, 1.0))


def largest_share(value: IntArray, label: IntArray, groups: int) -> FloatArray:
    """Largest share of a group's members (K) that have one and the same known ``value`` (N, −1 unknown)."""
    used = (label >= 0) & (value >= 0)
    out = np.zeros(groups)
    if not used.any():
        return out
    code = np.unique(value[used], return_inverse=True)[1]
    cell, count = np.unique(label[used] * (code.max() + 1) + code, return_counts=True)
    np.maximum.at(out, cell // (code.max() + 1), count)
    return out / np.maximum(np.bincount(label[label >= 0], minlength=groups), 1)


def exclusive_value(value: IntArray, label: IntArray, groups: int, exclusive_share: float) -> FloatArray:
    """As :func:`largest_share`, but only over values most of whose accounts are inside the group."""
    known = value >= 0
    if not known.any():
        return np.zeros(groups)
    code = np.full(len(value), -1, np.int64)
    code[known] = np.unique(value[known], return_inverse=True)[1]
    everywhere = np.bincount(code[known])
    used = known & (label >= 0)
    out = np.zeros(groups)
    if not used.any():
        return out
    cell, count = np.unique(label[used] * len(everywhere) + code[used], return_counts=True)
    own = count >= exclusive_share * everywhere[cell % len(everywhere)]
    np.maximum.at(out, cell[own] // len(everywhere), count[own])
    return out / np.maximum(np.bincount(label[label >= 0], minlength=groups), 1)


@dataclass(frozen=True, slots=True)
class Usual:
    """What a figure is among groups: median, and 1.4826 times the median absolute deviation from it."""

    middle: float
    spread: float


def usual(value: FloatArray, judged: NDArray[np.bool_]) -> Usual | None:
    """What ``value`` (K) is among the ``judged`` groups; None where they are fewer than ten."""
    if judged.sum() < ENOUGH:
        return None
    middle = float(np.median(value[judged]))
    return Usual(middle, 1.4826 * float(np.median(np.abs(value[judged] - middle))))


def beyond(
    value: FloatArray, judged: NDArray[np.bool_], among: Usual | None, error: FloatArray | float = 0.0
) -> FloatArray:
    """Robust z of each of the ``judged`` groups (K) ``among`` all of them; 0 of the others, or where that is unknown.

    ``error``: standard error of each value.
    """
    if among is None:
        return np.zeros(len(value))
    scale = np.sqrt(max(among.spread, _LEAST_SPREAD) ** 2 + np.square(error))
    return np.where(judged, (value - among.middle) / scale, 0.0)
