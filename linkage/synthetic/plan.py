"""A finished population: everything events are drawn from, in arrays that stay as they are while days go by."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from linkage.synthetic.draft import FOREVER, Draft
from linkage.synthetic.rhythm import Schedules
from linkage.synthetic.tokens import Floats, Ints
from linkage.synthetic.world import World


@dataclass(frozen=True, slots=True)
class Uses:
    """What each account may use, with weights and days: entries in account order, ``start`` says where each begins."""

    start: Ints
    item: Ints
    weights: tuple[npt.NDArray[np.float32], ...]
    first: npt.NDArray[np.int16]
    last: npt.NDArray[np.int16]

    @classmethod
    def gather(
        cls,
        rows: int,
        account: npt.NDArray[np.integer],
        item: Ints,
        weights: tuple[npt.NDArray[np.float32], ...],
        first: npt.NDArray[np.int16],
        last: npt.NDArray[np.int16],
    ) -> Uses:
        """Sort entries by account."""
        order = np.argsort(account, kind="stable")
        start = np.zeros(rows + 1, dtype=np.int64)
        np.cumsum(np.bincount(account, minlength=rows), out=start[1:])
        return cls(start, item[order], tuple(weight[order] for weight in weights), first[order], last[order])

    def today(self, day: int) -> Today:
        """The entries that hold on a day."""
        holds = (self.first <= day) & (day < self.last)
        sums = []
        for weight in self.weights:
            total = np.zeros(len(weight) + 1)
            np.cumsum(weight * holds, out=total[1:])
            sums.append(total)
        return Today(self, tuple(sums))


@dataclass(frozen=True, slots=True)
class Today:
    """Uses on one day."""

    uses: Uses
    sums: tuple[Floats, ...]

    def has(self, account: Ints) -> npt.NDArray[np.bool_]:
        """Whether each account has anything to draw from."""
        total, start = self.sums[0], self.uses.start
        return np.asarray(total[start[account + 1]] > total[start[account]])

    def draw(self, rng: np.random.Generator, account: Ints, state: int = 0) -> Ints:
        """An item for each account by weight; −1 where it has none today."""
        total = self.sums[state]
        low, high = total[self.uses.start[account]], total[self.uses.start[account + 1]]
        place = np.searchsorted(total, low + rng.random(len(account)) * (high - low), side="right") - 1
        place = np.minimum(place, self.uses.start[account + 1] - 1)
        has = high > low
        return np.where(has, self.uses.item[np.where(has, place, 0)] if len(self.uses.item) else -1, -1)


@dataclass(frozen=True, slots=True)
class Lines:
    """Where accounts connect from; see :class:`linkage.synthetic.draft.Draft`."""

    base: Ints
    size: Ints
    period: Ints
    network: npt.NDArray[np.int32]
    pool: npt.NDArray[np.int32]
    pool_start: Ints
    pool_lines: Ints


@dataclass(frozen=True, slots=True)
class Plan:
    """A population that events can be drawn from."""

    world: World
    accounts: int
    days: int
    columns: dict[str, npt.NDArray[Any]]
    lines: Lines
    line_uses: Uses
    card_uses: Uses
    template_uses: Uses
    schedules: Schedules
    group_kinds: tuple[str, ...]
    group_malicious: tuple[bool, ...]
    group_notes: tuple[dict[str, float], ...]

    @property
    def named(self) -> Ints:
        """Rows that stand for an account of their own: all but the former owners of bought ones."""
        return np.flatnonzero(self.columns["name"] == np.arange(len(self.columns["name"])))


def finish(draft: Draft, events: int) -> Plan:
    """The draft as a plan whose expected number of events is ``events``.

    Campaigns keep the rates they drew; everybody else is scaled, to no less than a third of what was asked for.
    """
    draft.close()
    columns = draft.columns
    malicious = np.array([*draft.group_malicious, False])[columns["group"]]
    expected = expectation(columns, draft.days)
    theirs = float(expected[malicious].sum())
    factor = max(events - theirs, events / 3) / float(expected[~malicious].sum())
    columns["rate"] = np.where(malicious, columns["rate"], columns["rate"] * factor).astype(np.float32)
    schedules = draft.schedules.arrays()
    return Plan(
        world=draft.world,
        accounts=draft.accounts,
        days=draft.days,
        columns=columns,
        lines=_lines(draft),
        line_uses=_line_uses(draft),
        card_uses=_card_uses(draft),
        template_uses=_plain_uses(draft, draft.template_uses.arrays()),
        schedules=Schedules(**schedules),
        group_kinds=tuple(draft.group_kinds),
        group_malicious=tuple(draft.group_malicious),
        group_notes=tuple(draft.group_notes),
    )


def expectation(columns: dict[str, npt.NDArray[Any]], days: int) -> Floats:
    """Expected exchanges of each account within the window."""
    alive = np.clip(columns["end"], 0, days) - np.clip(columns["begin"], 0, days)
    weekend = np.minimum(columns["active"] * columns["weekend"], 1)
    chance = (5 * columns["active"] + 2 * weekend) / 7
    return np.asarray(np.maximum(alive, 0) * chance * columns["engage"] * columns["rate"], dtype=np.float64)


def _lines(draft: Draft) -> Lines:
    start = np.cumsum([0, *(len(pool) for pool in draft.pools)])
    members = np.concatenate(draft.pools) if draft.pools else np.empty(0, np.int64)
    return Lines(**draft.lines.arrays(), pool_start=start, pool_lines=members)


def _line_uses(draft: Draft) -> Uses:
    """Lines of one's own and lines of the group, together."""
    columns, extra = draft.columns, draft.line_uses.arrays()
    parts = [[extra[name]] for name in ("account", "item", "work", "off", "first", "last")]
    for name in ("home", "mobile", "job"):
        work, off = columns[f"{name}_work"], columns[f"{name}_off"]
        who = np.flatnonzero((work > 0) | (off > 0))
        rows: list[npt.NDArray[Any]] = [who.astype(np.int32), columns[name][who], work[who], off[who]]
        rows += [np.full(len(who), -1, np.int16), np.full(len(who), FOREVER, np.int16)]
        for part, values in zip(parts, rows, strict=True):
            part.append(values)
    account, item, work, off, first, last = (np.concatenate(part) for part in parts)
    return Uses.gather(draft.rows, account, item, (work, off), first, last)


def _card_uses(draft: Draft) -> Uses:
    columns, extra = draft.columns, draft.card_uses.arrays()
    who = np.flatnonzero(columns["card"] >= 0)
    then = who[columns["next_card"][who] >= 0]
    switch = np.minimum(columns["card_switch"], FOREVER).astype(np.int16)
    own = {
        "account": np.concatenate((who, then)),
        "item": np.concatenate((columns["card"][who], columns["next_card"][then])),
        "work": np.ones(len(who) + len(then), np.float32),
        "first": np.concatenate((np.full(len(who), -1, np.int16), switch[then])),
        "last": np.concatenate(
            (np.where(columns["next_card"][who] >= 0, switch[who], FOREVER), np.full(len(then), FOREVER))
        ),
    }
    return _plain_uses(draft, {name: np.concatenate((extra[name], values)) for name, values in own.items()})


def _plain_uses(draft: Draft, rows: dict[str, npt.NDArray[Any]]) -> Uses:
    return Uses.gather(
        draft.rows,
        rows["account"].astype(np.int32),
        rows["item"],
        (rows["work"],),
        rows["first"].astype(np.int16),
        rows["last"].astype(np.int16),
    )
