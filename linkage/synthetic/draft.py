"""A population while it is drawn: a row per account, and what accounts use besides what is their own.

Everybody starts as an ordinary person (:mod:`linkage.synthetic.people`); groups and campaigns then overwrite rows and
add shared lines, cards and templates. A *line* is where an account connects from: it stands for one address, or for
the changing addresses of a household, or for a place in a pool of many.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from linkage.synthetic.tokens import V6, Floats, Ints
from linkage.synthetic.world import World

#: Columns of an account: type and what an account has unless somebody says otherwise.
FIELDS: dict[str, tuple[str, float]] = {
    "created": ("f8", 0),  # sign-up, days from the start of the window
    "begin": ("f4", -1e5),  # first and last possible exchange, days from the start
    "end": ("f4", 1e5),
    "country": ("i1", 0),
    "zone": ("f4", 0),  # hours from UTC by which the person lives
    "shape": ("i1", 0),  # shape of the day, see rhythm
    "rate": ("f4", 1),  # exchanges on an active day
    "active": ("f4", 0.3),  # chance that a weekday is active, in an active week
    "weekend": ("f4", 0.4),  # factor on it at weekends
    "engage": ("f4", 1),  # chance that a week is active
    "session": ("f4", 6),  # exchanges a session
    "spread": ("f4", 30),  # minutes a session lasts
    "topic_1": ("i1", 0),
    "topic_2": ("i1", 0),
    "skill_1": ("i1", 0),  # capability drawn on most, and next
    "skill_2": ("i1", 0),
    "focus_1": ("f4", 0.4),  # share of exchanges on them
    "focus_2": ("f4", 0.2),
    "bare": ("f4", 0.3),  # shares of exchanges: no template, one-off, own, public; the rest is the group's
    "once": ("f4", 0.2),
    "own": ("f4", 0.2),
    "public": ("f4", 0.3),
    "library": ("i4", 5),  # templates of one's own
    "favourites": ("f4", 5),  # public templates that one returns to
    "mini": ("f4", 0.5),  # shares of the price tiers; the rest is the highest
    "core": ("f4", 0.4),
    "adopt": ("f4", 30),  # mean delay until a new version is taken up, days
    "pivot": ("f4", 0),  # share moving to the flagship within a day
    "words_in": ("f4", 6.5),  # log tokens
    "words_out": ("f4", 6),
    "schedule": ("i4", -1),
    "keeps": ("f4", 0),  # share of sessions on the schedule
    "home": ("i8", 0),  # line numbers
    "mobile": ("i8", 0),
    "job": ("i8", -1),
    "home_work": ("f4", 1),  # weight of each line in working hours and off them
    "home_off": ("f4", 1),
    "mobile_work": ("f4", 0),
    "mobile_off": ("f4", 0),
    "job_work": ("f4", 0),
    "job_off": ("f4", 0),
    "card": ("i8", -1),
    "next_card": ("i8", -1),
    "card_switch": ("f4", 1e5),  # day from which the next card is used
    "verified": ("i1", 0),
    "tier": ("i1", 0),
    "status": ("i1", 0),
    "domain": ("i8", 0),  # place in the free domains, or a number of its own above them
    "organization": ("i8", -1),
    "name": ("i8", -1),  # number that the account is written under; −1 for a row that stands for nobody
    "signs_up": ("i1", 1),  # whether its sign-up is an event, if it lies within the window
    "group": ("i4", -1),
}
TIERS = ("free", "pro", "team", "enterprise")
STATUSES = ("active", "closed", "banned")
ACTIVE, CLOSED, BANNED = range(3)
#: Domain numbers below this are free mail providers.
PRIVATE_DOMAINS = 1_000
FOREVER = 32_000


@dataclass(slots=True)
class Growing:
    """Rows that are added in pieces and become arrays at the end."""

    names: tuple[str, ...]
    types: tuple[str, ...]
    parts: list[tuple[npt.NDArray[Any], ...]] = field(default_factory=list)
    rows: int = 0

    def add(self, count: int, *values: npt.ArrayLike) -> Ints:
        """Append ``count`` rows, scalars repeated; their numbers."""
        self.parts.append(
            tuple(
                np.broadcast_to(np.asarray(value, dtype=kind), (count,))
                for value, kind in zip(values, self.types, strict=True)
            )
        )
        first, self.rows = self.rows, self.rows + count
        return np.arange(first, self.rows)

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        """All rows, one array a column."""
        if not self.parts:
            return {name: np.empty(0, kind) for name, kind in zip(self.names, self.types, strict=True)}
        return {name: np.concatenate([part[place] for part in self.parts]) for place, name in enumerate(self.names)}


class Draft:
    """The population while it is drawn. Random numbers come from ``rng`` alone."""

    def __init__(self, rng: np.random.Generator, world: World, accounts: int, days: int) -> None:
        rows = accounts + accounts // 50
        self.rng = rng
        self.world = world
        self.accounts = accounts
        #: Rows of the columns: one an account, and spare ones for the former owners of bought accounts.
        self.rows = rows
        self.days = days
        self.columns: dict[str, npt.NDArray[Any]] = {
            name: np.full(rows, default, dtype=kind) for name, (kind, default) in FIELDS.items()
        }
        #: first address, size of the block, seconds an address is kept (0: for good), network row; pool −1 or number
        self.lines = Growing(("base", "size", "period", "network", "pool"), ("i8", "i8", "i8", "i4", "i4"))
        self.line_uses = Growing(
            ("account", "item", "work", "off", "first", "last"), ("i4", "i8", "f4", "f4", "i2", "i2")
        )
        self.card_uses = Growing(("account", "item", "work", "first", "last"), ("i4", "i8", "f4", "i2", "i2"))
        self.template_uses = Growing(("account", "item", "work", "first", "last"), ("i4", "i8", "f4", "i2", "i2"))
        self.schedules = Growing(
            ("opens", "span", "slots", "jitter", "weekdays", "fixed"), ("f8", "f8", "i8", "f8", "i8", "?")
        )
        #: Accounts that sit on each campus, by network row.
        self.on_campus: dict[int, int] = {}
        #: Lines behind each pool of proxies.
        self.pools: list[Ints] = []
        self.group_kinds: list[str] = []
        self.group_malicious: list[bool] = []
        #: What each group drew, for people and tests; never part of what detection reads.
        self.group_notes: list[dict[str, float]] = []
        self.columns["name"] = np.arange(rows)
        self._waiting = rng.permutation(rows)
        self._spare = rows - accounts
        self._cards = 2 * rows
        self._templates = 0
        self._domains = PRIVATE_DOMAINS

    def set(self, accounts: Ints, **values: npt.ArrayLike) -> None:
        """Overwrite columns of some accounts."""
        for name, value in values.items():
            self.columns[name][accounts] = value

    def claim(self, count: int) -> Ints:
        """Accounts that belong to no group yet, in no order; fewer when the population runs out."""
        taken, self._waiting = self._waiting[:count], self._waiting[count:]
        return taken

    def former_owners(self, buyers: Ints) -> Ints:
        """Ordinary people whose accounts ``buyers`` carry on under the same name; fewer when spare rows run out."""
        owners = self.claim(min(len(buyers), self._spare))
        self._spare -= len(owners)
        self.columns["name"][owners] = buyers[: len(owners)]
        return owners

    def close(self) -> None:
        """Drop the spare rows that nobody needed."""
        nobody = self.claim(self._spare)
        self._spare = 0
        self.set(nobody, name=-1, created=-1e6, begin=-1e5, end=-1e5)

    @property
    def unclaimed(self) -> Ints:
        """Accounts that belong to no group."""
        return self._waiting

    def group(self, accounts: Ints, kind: str, *, malicious: bool = False, **notes: float) -> int:
        """Put accounts into a new group of the truth."""
        number = len(self.group_kinds)
        self.group_kinds.append(kind)
        self.group_malicious.append(malicious)
        self.group_notes.append(dict(notes))
        self.columns["group"][accounts] = number
        return number

    def cards(self, count: int) -> Ints:
        """New cards."""
        self._cards += count
        return np.arange(self._cards - count, self._cards)

    def templates(self, count: int) -> Ints:
        """New templates of a group."""
        self._templates += count
        return np.arange(self._templates - count, self._templates)

    def domain(self) -> int:
        """A new e-mail domain of a group's own."""
        self._domains += 1
        return self._domains

    def static_lines(self, kind: int, count: int, country: int | None = None) -> Ints:
        """Lines with one address for good, in one network of a kind."""
        networks = self.world.networks
        rows = networks.of(kind, country)
        asn = networks.asn[self.rng.choice(rows)]
        row = self.rng.choice(rows[networks.asn[rows] == asn], size=count)
        size = 2 ** (32 - networks.prefix[row])
        at = (self.rng.random(count) * size).astype(np.int64)
        return self.lines.add(count, networks.base[row] + at, 1, 0, row, -1)

    def home_lines(self, row: Ints) -> Ints:
        """Lines of households in networks ``row``.

        A third has a fixed address, the others a new one every night to every few months; some have IPv6 only.
        """
        rng, networks, count = self.rng, self.world.networks, len(row)
        fixed = rng.random(count) < 0.35
        six = rng.random(count) < 0.1
        space = np.where(six, 2**32, 2 ** (32 - networks.prefix[row]))
        base = np.where(six, int(V6) + (networks.six[row] << 32), networks.base[row])
        at = np.where(fixed, (rng.random(count) * space).astype(np.int64), 0)
        period = np.where(fixed, 0, 86_400 * np.exp(rng.normal(2.6, 1.1, count)))
        return self.lines.add(count, base + at, np.where(fixed, 1, space), period, row, -1)

    def pooled_lines(self, row: int | Ints, count: int, hours: float | Floats, width: int | None = None) -> Ints:
        """Lines that wander over the addresses of a network (a NAT, a VPN), changing every ``hours``."""
        networks = self.world.networks
        size = 2 ** (32 - networks.prefix[row]) if width is None else width
        period = np.maximum(1, np.asarray(hours) * 3600)
        return self.lines.add(count, networks.base[row], size, period, row, -1)

    def proxy_lines(self, pool: int, count: int, hours: float | Floats) -> Ints:
        """Lines through a pool of proxies, another one every ``hours``."""
        return self.lines.add(count, 0, 1, np.maximum(1, np.asarray(hours) * 3600), 0, pool)

    def use_line(
        self,
        accounts: Ints,
        lines: Ints,
        work: npt.ArrayLike,
        off: npt.ArrayLike,
        first: npt.ArrayLike = -1,
        last: npt.ArrayLike = FOREVER,
    ) -> None:
        """Let accounts connect from lines, with weights for working hours and off them, from a day to a day."""
        self.line_uses.add(len(accounts), accounts, lines, work, off, first, last)

    def use_card(
        self,
        accounts: Ints,
        cards: Ints,
        weight: npt.ArrayLike = 1,
        first: npt.ArrayLike = -1,
        last: npt.ArrayLike = FOREVER,
    ) -> None:
        """Let accounts pay with cards, from a day to a day."""
        self.card_uses.add(len(accounts), accounts, cards, weight, first, last)

    def use_template(
        self,
        accounts: Ints,
        templates: Ints,
        weight: npt.ArrayLike = 1,
        first: npt.ArrayLike = -1,
        last: npt.ArrayLike = FOREVER,
    ) -> None:
        """Let accounts use templates of their group, from a day to a day."""
        self.template_uses.add(len(accounts), accounts, templates, weight, first, last)

    def schedule(
        self,
        *,
        opens: float,
        hours: float,
        slots: int,
        jitter_minutes: float,
        weekdays: int = 0b1111111,
        fixed: bool = False,
    ) -> int:
        """A new common schedule; hours are UTC."""
        row = self.schedules.add(
            1, (opens % 24) * 3600, min(hours, 24) * 3600, slots, jitter_minutes * 60, weekdays, fixed
        )
        return int(row[0])

    def site(self, accounts: Ints, lines: Ints, work: float, off: float, keep: float = 0.0) -> None:
        """Let every account use every one of ``lines``; lines of its own keep ``keep`` of their weight."""
        who, where = np.repeat(accounts, len(lines)), np.tile(lines, len(accounts))
        self.use_line(who, where, work / len(lines), off / len(lines))
        for name in ("home_work", "home_off", "mobile_work", "mobile_off", "job_work", "job_off"):
            self.columns[name][accounts] *= keep


def random_weekdays(rng: np.random.Generator, count: int) -> int:
    """A set of ``count`` weekdays, Monday to Friday, as bits."""
    return int(sum(1 << int(day) for day in rng.choice(5, size=count, replace=False)))
