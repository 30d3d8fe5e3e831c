"""What partners reported: identifiers on watch lists, as a term of the groups whose own they are.

A report is somebody's word about an identifier, so it is evidence of abuse and none of linkage: it ties nobody. What
is shared with many outside says nothing of a group: who lists the exit of a popular network lists its customers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from linkage import engine
from linkage.model.watch import on_lists_of
from linkage.scoring.term import Term, not_applicable

if TYPE_CHECKING:
    import duckdb
    from numpy.typing import NDArray

    from linkage.config import ScoringSettings
    from linkage.scoring.term import FloatArray, IntArray

#: Name of the term, and of its kind of evidence.
WATCH_LIST = "watch_list"
#: Most points: fewer than one kind of evidence may give, so that nobody is flagged on the word of others alone.
CAP = 3.0
#: Share of the members on listed identifiers from which they count in full: a partner sees a part of an operator.
ENOUGH = 0.1


@dataclass(frozen=True, slots=True)
class Listed:
    """Listed identifiers of the window (W), and who used them.

    ``surrogate`` (W): their ids, rising; ``degree`` (W): accounts on each, of everybody; ``sources`` (W): whose lists
    each is on. ``account``, ``identifier`` (E): a use, by position of the account and place in ``surrogate``.
    """

    surrogate: IntArray
    degree: IntArray
    sources: tuple[tuple[str, ...], ...]
    account: IntArray
    identifier: IntArray


def load(
    connection: duckdb.DuckDBPyConnection,
    watched: Mapping[int, Sequence[str]],
    degree: Mapping[int, int] | None = None,
) -> Listed | None:
    """Uses of ``watched`` identifiers (surrogate id → sources) in the relation ``merged_sightings``; None without any.

    ``degree``: accounts on each, where the connection does not hold everybody's sightings.
    """
    import pyarrow

    if not watched:
        return None
    connection.register("watched", pyarrow.table({"identifier": pyarrow.array(sorted(watched), pyarrow.int64())}))
    uses = engine.run(connection, "linkage.scoring", "watched_uses").fetchnumpy()
    surrogate, identifier, count = np.unique(
        np.asarray(uses["identifier"], dtype=np.int64), return_inverse=True, return_counts=True
    )
    if not len(surrogate):
        return None
    told = count if degree is None else np.array([degree[number] for number in surrogate.tolist()])
    return Listed(
        surrogate=surrogate,
        degree=told.astype(np.int64),
        sources=tuple(tuple(sorted(set(watched[number]))) for number in surrogate.tolist()),
        account=np.asarray(uses["account"], dtype=np.int64),
        identifier=identifier.astype(np.int64),
    )


def watch_list(listed: Listed, label: IntArray, groups: int, size: IntArray, settings: ScoringSettings) -> Term:
    """Groups on whose own identifiers partners reported abuse.

    ``label`` (N): group of each account, −1 for none. An identifier is a group's own when most of its accounts are
    members, be it only one. Points: log2(1 + own identifiers listed), up to 3, in proportion to the members on them up
    to a tenth of all.
    """
    group = label[listed.account]
    inside = group >= 0
    key = group[inside] * len(listed.degree) + listed.identifier[inside]
    cell, which, count = np.unique(key, return_inverse=True, return_counts=True)
    of_group, identifier = cell // len(listed.degree), cell % len(listed.degree)
    own = count >= settings.exclusive_share * listed.degree[identifier]
    number = np.bincount(of_group[own], minlength=groups)
    touched = members_on(group[inside], listed.account[inside], own[which], groups)
    covered: FloatArray = touched / np.maximum(size, 1)
    points = np.clip(np.log2(1.0 + number), 0.0, CAP) * np.clip(covered / ENOUGH, 0.0, 1.0)

    def sentence(one: int) -> str:
        cells = np.flatnonzero(of_group == one)
        if not len(cells):
            return "no identifier of theirs is on a watch list"
        mine = cells[own[cells]] if number[one] else cells
        named = on_lists_of({source for at in identifier[mine].tolist() for source in listed.sources[at]})
        noun, be = ("identifier", "is") if len(mine) == 1 else ("identifiers", "are")
        if not number[one]:
            return f"{len(mine)} {noun} {be} {named}, and shared with many others: no sign of these accounts"
        return f"{len(mine)} {noun} of their own {be} {named}; {covered[one]:.0%} of the members use them"

    nan = not_applicable(groups)
    return Term(WATCH_LIST, WATCH_LIST, number.astype(np.float64), nan, nan, points * settings.cap_scale, sentence)


def members_on(group: IntArray, account: IntArray, counts: NDArray[np.bool_], groups: int) -> IntArray:
    """How many members of each group (K) have a use that ``counts``."""
    first = np.unique(account[counts], return_index=True)[1]
    return np.bincount(group[counts][first], minlength=groups)
