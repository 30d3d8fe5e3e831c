"""Followers: accounts that came to identifiers of a confirmed operator after people had looked, as a term of groups.

Operators replace accounts that are closed, and keep cards, addresses and tasks. What was the operator's own when it was
confirmed speaks about whoever comes to it later. The accounts of the verdict itself do not count, so that nothing
confirms itself; nor do those who were there when people looked and were left out of it. It is evidence of abuse and
none of linkage, as a partner's word is, and bounded like it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from linkage import engine
from linkage.scoring.term import Term, not_applicable
from linkage.scoring.watch_list import CAP, members_on

if TYPE_CHECKING:
    import duckdb
    import pyarrow
    from numpy.typing import NDArray

    from linkage.config import ScoringSettings
    from linkage.model.decided import Decided
    from linkage.scoring.term import FloatArray, IntArray

#: Name of the term, and of its kind of evidence.
FOLLOWERS = "followers"
#: Share of the members that are newcomers from which they count in full. Replacements come together, on what there was.
_ENOUGH = 0.5


@dataclass(frozen=True, slots=True)
class Followed:
    """Identifiers (W) that were a confirmed case's own and have newcomers, and who uses them besides its accounts.

    ``surrogate`` (W): their ids, rising; ``kind``, ``case`` (W); ``degree`` (W): accounts on each in the window, of
    everybody; ``confirmed`` (W): those of them that are of a confirmed verdict. ``account``, ``identifier`` (E): a use,
    by position of the account and place in ``surrogate``; ``new`` (E): whether the account was not on it when people
    looked, and no verdict is about it. ``events``, ``first``, ``last`` (E): of the use.
    """

    surrogate: IntArray
    kind: NDArray[np.object_]
    case: NDArray[np.object_]
    degree: IntArray
    confirmed: IntArray
    account: IntArray
    identifier: IntArray
    new: NDArray[np.bool_]
    events: IntArray
    first: NDArray[np.datetime64]
    last: NDArray[np.datetime64]


def load(connection: duckdb.DuckDBPyConnection, decided: Decided) -> Followed | None:
    """Uses of the traces of ``decided`` in the relation ``merged_sightings``; None where nobody new is on any."""
    import pyarrow

    if not decided.traces:
        return None
    connection.register("traced", pyarrow.table({"identifier": pyarrow.array(sorted(decided.traces), pyarrow.int64())}))
    uses = engine.run(connection, "linkage.scoring", "traced_uses").fetchnumpy()
    account, identifier = (np.asarray(uses[name], dtype=np.int64) for name in ("account", "identifier"))
    surrogate, at, degree = np.unique(identifier, return_inverse=True, return_counts=True)
    theirs, looked_at = (np.isin(account, sorted(numbers)) for numbers in (decided.scope, decided.looked_at))
    known = {(number, one) for number in surrogate.tolist() for one in decided.traces[number].known}
    there = np.array([pair in known for pair in zip(identifier.tolist(), account.tolist(), strict=True)], np.bool_)
    new = ~looked_at & ~there
    followed = np.bincount(at[new], minlength=len(surrogate)) > 0
    if not followed.any():
        return None
    kept = followed[at] & ~theirs
    place = np.cumsum(followed) - 1
    kind = np.empty(len(surrogate), dtype=object)
    kind[at] = uses["kind"]
    return Followed(
        surrogate=surrogate[followed],
        kind=kind[followed],
        case=np.array([decided.traces[number].case_id for number in surrogate[followed].tolist()], dtype=object),
        degree=degree[followed].astype(np.int64),
        confirmed=np.bincount(at[theirs], minlength=len(surrogate))[followed],
        account=np.asarray(uses["position"], dtype=np.int64)[kept],
        identifier=place[at[kept]],
        new=new[kept],
        events=np.asarray(uses["events"], dtype=np.int64)[kept],
        first=np.asarray(uses["first_seen"]).astype("datetime64[us]")[kept],
        last=np.asarray(uses["last_seen"]).astype("datetime64[us]")[kept],
    )


def given(table: pyarrow.Table) -> Followed | None:
    """What a table with the columns of ``FOLLOWED`` says, its accounts by position; None where it has no row."""
    if not table.num_rows:
        return None
    columns = {name: table[name].to_numpy(zero_copy_only=False) for name in table.column_names}
    surrogate, first, at = np.unique(columns["identifier"], return_index=True, return_inverse=True)
    return Followed(
        surrogate=surrogate.astype(np.int64),
        kind=columns["kind"][first],
        case=columns["case_id"][first],
        degree=columns["accounts"][first].astype(np.int64),
        confirmed=columns["confirmed"][first].astype(np.int64),
        account=columns["account"].astype(np.int64),
        identifier=at.astype(np.int64),
        new=columns["new"].astype(np.bool_),
        events=columns["events"].astype(np.int64),
        first=columns["first_seen"].astype("datetime64[us]"),
        last=columns["last_seen"].astype("datetime64[us]"),
    )


def followers(followed: Followed, label: IntArray, groups: int, size: IntArray, settings: ScoringSettings) -> Term:
    """Groups with newcomers on what was a confirmed case's own.

    ``label`` (N): group of each account, −1 for none. An identifier counts where most of its accounts are members or
    of a confirmed verdict: what the public has come to since says nothing. Points: log2(1 + such identifiers), up to
    3, in proportion to the newcomers on them up to half of all members; the first of them is not counted, because one
    account may come anywhere.
    """
    group = label[followed.account]
    inside = group >= 0
    cell, which = np.unique(group[inside] * len(followed.degree) + followed.identifier[inside], return_inverse=True)
    of_group, identifier = cell // len(followed.degree), cell % len(followed.degree)
    members = np.bincount(which, minlength=len(cell))
    newcomers = np.bincount(which[followed.new[inside]], minlength=len(cell))
    theirs = members + followed.confirmed[identifier] >= settings.exclusive_share * followed.degree[identifier]
    counts = theirs & (newcomers > 0)
    number = np.bincount(of_group[counts], minlength=groups)
    coming = members_on(group[inside], followed.account[inside], counts[which] & followed.new[inside], groups)
    covered: FloatArray = coming / np.maximum(size, 1)
    points = np.clip(np.log2(1.0 + number), 0.0, CAP) * np.clip((coming - 1) / np.maximum(size, 1) / _ENOUGH, 0.0, 1.0)

    def sentence(one: int) -> str:
        cells = np.flatnonzero((of_group == one) & counts)
        if not len(cells):
            return "nobody among them has come to what was a confirmed case's own"
        cases = sorted(set(followed.case[identifier[cells]].tolist()))
        few = len(cells) == 1
        return (
            f"{len(cells)} {'identifier' if few else 'identifiers'} that {'was' if few else 'were'} the own of "
            f"{' and '.join(f'case {case}' for case in cases)}, confirmed: {covered[one]:.0%} of the members have come "
            f"to {'it' if few else 'them'} since"
        )

    nan = not_applicable(groups)
    return Term(FOLLOWERS, FOLLOWERS, number.astype(np.float64), nan, nan, points * settings.cap_scale, sentence)
