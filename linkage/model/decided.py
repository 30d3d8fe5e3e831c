"""What two people decided, as a refresh goes by it: who stays together, who is kept apart, and whose traces to watch.

Verdicts may contradict each other. The rules, by which any set of them says one thing, whatever order they come in:

- Of a verdict that is approved later and one that is approved earlier, the later one has the accounts that both name.
- A confirmed verdict that takes most accounts of an earlier confirmed one has taken it over, and what the earlier one
  still has comes along, unless the later one excludes it.
- Whom a confirmed verdict excludes, whom a verdict of benign or compromised is about, and whom another confirmed
  verdict is about, is never together with its accounts.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from linkage.model.verdict import Verdict

#: Verdicts that say something about who belongs together. A reseller's customers may be anybody's.
SPEAKING = frozenset({Verdict.CONFIRMED, Verdict.BENIGN, Verdict.COMPROMISED})

#: How sentences about whom a verdict keeps in a cluster, or out of it, begin.
BY_VERDICT = "the verdict of case "

#: A case in a sentence of a snapshot.
_CASE = re.compile(r"\bcase k-[0-9a-f]+")


@dataclass(frozen=True, slots=True)
class Ruling:
    """An approved verdict that holds. ``accounts``: those that it is about; ``excluded``: members that it is not about.

    ``scope``: digest of what was frozen. ``traces``: of a confirmed verdict, each identifier that was its accounts'
    own when people looked → the other accounts that were on it then. ``read``: whether the members could be read.
    All by surrogate id.
    """

    case_id: str
    cluster_id: str
    verdict: Verdict
    approved_at: datetime
    scope: str
    accounts: frozenset[int]
    excluded: frozenset[int] = frozenset()
    traces: Mapping[int, frozenset[int]] = field(default_factory=dict)
    read: bool = True


@dataclass(frozen=True, slots=True)
class Confirmed:
    """Accounts that people decided are one operator, and those that they decided are not of it (surrogate ids)."""

    case_id: str
    cluster_id: str
    accounts: frozenset[int]
    apart: frozenset[int]


class Trace(NamedTuple):
    """An identifier that was a confirmed case's own when people looked, and who else was on it then."""

    case_id: str
    known: frozenset[int]


@dataclass(frozen=True, slots=True)
class Decided:
    """What a refresh goes by. ``confirmed``: disjoint groups, decided last first.

    ``traces``: by surrogate id of the identifier. ``looked_at``: accounts that some verdict is about, or excludes.
    ``conflicts``: accounts that verdicts contradict each other about. ``unread``: cases whose members cannot be read
    any more. ``digest`` changes with any of it; empty where nothing is confirmed.
    """

    confirmed: tuple[Confirmed, ...] = ()
    traces: Mapping[int, Trace] = field(default_factory=dict)
    looked_at: frozenset[int] = frozenset()
    conflicts: int = 0
    unread: tuple[str, ...] = ()
    digest: str = ""

    @property
    def scope(self) -> frozenset[int]:
        """Every account of a confirmed verdict."""
        return frozenset().union(*(group.accounts for group in self.confirmed))


NOTHING_DECIDED = Decided()


def decided(rulings: Iterable[Ruling]) -> Decided:
    """What these verdicts say together; nothing where none is a confirmed one."""
    ordered = sorted(rulings, key=lambda one: (one.approved_at, one.case_id), reverse=True)
    ordered = [one for one in ordered if one.verdict in SPEAKING]
    if all(one.verdict is not Verdict.CONFIRMED for one in ordered):
        return NOTHING_DECIDED
    said: dict[int, int] = {}
    conflicts = set()
    for at, one in enumerate(ordered):
        for account in one.accounts:
            later = said.setdefault(account, at)
            if (ordered[later].verdict is Verdict.CONFIRMED) != (one.verdict is Verdict.CONFIRMED):
                conflicts.add(account)
    groups = _joined(ordered, said)
    scope = frozenset(account for _cases, accounts, _out in groups for account in accounts)
    others = {account for account, at in said.items() if ordered[at].verdict is not Verdict.CONFIRMED}
    confirmed = [
        Confirmed(ordered[cases[0]].case_id, ordered[cases[0]].cluster_id, accounts, (out | others | scope) - accounts)
        for cases, accounts, out in groups
        if accounts
    ]
    traces: dict[int, Trace] = {}
    for one in ordered:
        still = sum(ordered[said[account]].verdict is Verdict.CONFIRMED for account in one.accounts)
        if 2 * still <= len(one.accounts):
            continue  # overruled: what was its own is watched no more
        for identifier, known in one.traces.items():
            if identifier not in traces:
                traces[identifier] = Trace(one.case_id, known)
            else:
                traces[identifier] = traces[identifier]._replace(known=traces[identifier].known | known)
    return Decided(
        confirmed=tuple(confirmed),
        traces=traces,
        looked_at=frozenset(said).union(*(one.excluded for one in ordered)),
        conflicts=len(conflicts),
        unread=tuple(sorted(one.case_id for one in ordered if not one.read)),
        digest=_digest([[one.case_id, one.verdict, one.scope, one.read] for one in ordered]),
    )


def _joined(ordered: list[Ruling], said: Mapping[int, int]) -> list[tuple[list[int], frozenset[int], frozenset[int]]]:
    """Confirmed verdicts (places, the last decided first) with their accounts, and whom they exclude."""
    home: dict[int, int] = {}
    for at, one in enumerate(ordered):
        if one.verdict is not Verdict.CONFIRMED:
            continue
        taken: dict[int, int] = {}
        for account in one.accounts:
            later = said[account]
            if later != at and ordered[later].verdict is Verdict.CONFIRMED:
                taken[home[later]] = taken.get(home[later], 0) + 1
        most = max(sorted(taken), key=taken.__getitem__, default=at)
        home[at] = most if 2 * taken.get(most, 0) > len(one.accounts) else at
    groups: dict[int, list[int]] = {}
    for at, root in home.items():
        groups.setdefault(root, []).append(at)
    found = []
    for places in groups.values():
        accounts: set[int] = set()
        out: set[int] = set()
        for at in places:  # the last decided first: whom it excludes, no earlier one brings back
            accounts |= {account for account in ordered[at].accounts if said[account] == at} - out
            out |= ordered[at].excluded
        found.append((places, frozenset(accounts), frozenset(out - accounts)))
    return found


def uncased(sentence: str) -> str:
    """``sentence`` without the ids of cases, which others are not told."""
    return _CASE.sub("a case", sentence)


def _digest(rows: list[list[object]]) -> str:
    return hashlib.sha256(json.dumps(rows).encode("ascii")).hexdigest()
