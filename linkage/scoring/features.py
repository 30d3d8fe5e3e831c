"""What each account did, as figures in which coordinated abuse differs from ordinary use.

Every feature is one number an account, NaN where the input does not tell. Groups are later compared with accounts that
were about as active on about as many days, so no feature is a disguise of volume.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from linkage import engine

if TYPE_CHECKING:
    from datetime import datetime

    import duckdb
    from numpy.typing import NDArray

    from linkage.evidence.incidence import Incidence

    FloatArray = NDArray[np.float64]


#: Where numbers of prefixes, and of addresses by themselves, begin: AS numbers have 32 bits.
_BY_PREFIX, _BY_ITSELF = 1 << 40, 1 << 41


@dataclass(frozen=True, slots=True)
class Places:
    """Where in the network accounts used addresses: one entry an account and address, sorted by both.

    ``account``, ``identifier``: positions. ``place``: number of the operator of the network (AS), a larger one for a
    prefix where that is unknown, and a still larger one for an address without either.
    """

    account: NDArray[np.int64]
    identifier: NDArray[np.int64]
    place: NDArray[np.int64]

    def along(self, incidence: Incidence) -> NDArray[np.int64]:
        """Place of each edge (E) of ``incidence``; its identifier by itself where there is none."""
        by_itself = _BY_ITSELF + incidence.edge_identifier.astype(np.int64)
        return _along(incidence, self.account, self.identifier, self.place, by_itself)


@dataclass(frozen=True, slots=True)
class Asked:
    """Tokens that accounts spent on prompt templates: one entry an account and template, sorted by both.

    ``account``, ``identifier``: positions. ``tokens``: input and output together.
    """

    account: NDArray[np.int64]
    identifier: NDArray[np.int64]
    tokens: NDArray[np.int64]

    def along(self, incidence: Incidence) -> NDArray[np.int64]:
        """Tokens of each edge (E) of ``incidence``, 0 where none are known."""
        none = np.zeros(len(incidence.edge_account), np.int64)
        return _along(incidence, self.account, self.identifier, self.tokens, none)


def _along(
    incidence: Incidence,
    account: NDArray[np.int64],
    identifier: NDArray[np.int64],
    value: NDArray[np.int64],
    otherwise: NDArray[np.int64],
) -> NDArray[np.int64]:
    """``value`` of the edges between ``account`` and ``identifier``, and ``otherwise`` (E) of those not among them."""
    if not len(value):
        return otherwise
    key = account * incidence.identifiers + identifier
    wanted = incidence.edge_account.astype(np.int64) * incidence.identifiers + incidence.edge_identifier
    at = np.minimum(np.searchsorted(key, wanted), len(key) - 1)
    return np.where(key[at] == wanted, value[at], otherwise)


@dataclass(frozen=True, slots=True)
class Features:
    """Per account (N), in canonical order.

    ``clock`` (N × 4): sums over the (day, hour) cells in which the account was active: cosine and sine of the hour on
    the clock face, cells, and cells on a weekend. ``used``: by kind, who used any identifier of it. ``values``:
    features by name. ``capability`` (N × C): share of an account's events on each of ``capabilities``. ``created``,
    ``first``: days since 1970, NaN where unknown; ``domain``, ``organization``: surrogate ids, −1 unknown.
    """

    account: NDArray[np.int64]
    events: FloatArray
    tokens: NDArray[np.int64]
    cost: NDArray[np.int64]
    active_days: FloatArray
    first_seen: NDArray[np.datetime64]
    last_seen: NDArray[np.datetime64]
    clock: FloatArray
    used: dict[str, NDArray[np.bool_]]
    values: dict[str, FloatArray]
    capabilities: tuple[str, ...]
    capability: FloatArray
    created: FloatArray
    first: FloatArray
    domain: NDArray[np.int64]
    organization: NDArray[np.int64]
    closed: NDArray[np.bool_]
    places: Places
    asked: Asked


#: Account states that mean the provider ended it.
CLOSED = ("banned", "closed", "suspended", "terminated", "disabled")


def load(connection: duckdb.DuckDBPyConnection, as_of: datetime, allowed: tuple[int, ...] = ()) -> Features:
    """Compute features from the relations that :func:`linkage.evidence.load.load` left on the connection.

    Leaves the temporary table ``model_prices`` behind.
    """
    engine.run(connection, "linkage.scoring", "model_prices")
    return priced(connection, as_of, allowed)


def priced(connection: duckdb.DuckDBPyConnection, as_of: datetime, allowed: tuple[int, ...] = ()) -> Features:
    """As :func:`load`, where ``model_prices`` is on the connection already."""
    package = "linkage.scoring"
    raw = engine.run(connection, package, "account_features", {"allowed": list(allowed)}).fetchnumpy()

    def number(name: str) -> FloatArray:
        column = raw[name]
        if isinstance(column, np.ma.MaskedArray):
            return np.where(np.ma.getmaskarray(column), np.nan, np.ma.getdata(column).astype(np.float64))
        return np.asarray(column, dtype=np.float64)

    def day(name: str) -> FloatArray:
        column = raw[name]
        stamps = np.ma.getdata(column).astype("datetime64[us]").astype(np.int64) / 86_400e6
        return np.where(np.ma.getmaskarray(column), np.nan, stamps)

    def surrogate(name: str) -> NDArray[np.int64]:
        column = raw[name]
        return np.where(np.ma.getmaskarray(column), -1, np.ma.getdata(column)).astype(np.int64)

    events, active_days = number("events"), number("active_days")
    created, first = day("created_at"), day("first_seen")
    until = as_of.timestamp() / 86_400
    concentration = np.hypot(number("c"), number("s")) / number("cells")
    with np.errstate(invalid="ignore", divide="ignore"):
        values = {
            "private_work": number("private_events") / number("template_events"),
            "private_share": number("private_events") / events,
            "prefixes_per_day": np.log2(number("day_prefixes") / number("network_days")),
            "prefixes": np.log2(number("prefixes")),
            "asns": np.log2(np.where(number("asns") > 0, number("asns"), np.nan)),
            "round_the_clock": 1.0 - concentration,
            "price_rank": number("price_rank"),
            "release_share": number("release_share"),
            "age": np.log2(np.maximum(until - created, 0.0) + 1.0),
            "verified": number("verified"),
        }
    few = events < 8
    values["round_the_clock"] = np.where(few, np.nan, values["round_the_clock"])
    names, shares = _capabilities(connection, len(events))
    status = raw["status"]
    known = np.where(np.ma.getmaskarray(status), "", np.ma.getdata(status)).astype(str)
    closed = np.isin(np.char.lower(known), CLOSED)
    return Features(
        account=np.asarray(raw["account"], dtype=np.int64),
        events=events,
        tokens=np.asarray(raw["tokens"], dtype=np.int64),
        cost=np.asarray(raw["cost_usd_micros"], dtype=np.int64),
        active_days=active_days,
        first_seen=np.asarray(raw["first_seen"]).astype("datetime64[us]"),
        last_seen=np.asarray(raw["last_seen"]).astype("datetime64[us]"),
        clock=np.stack([number("c"), number("s"), number("cells"), number("weekend_cells")], axis=1),
        used=_used(connection, len(events)),
        values=values,
        capabilities=names,
        capability=shares,
        created=created,
        first=first,
        domain=surrogate("email_domain"),
        organization=surrogate("organization"),
        closed=closed,
        places=_places(connection),
        asked=_asked(connection),
    )


def _places(connection: duckdb.DuckDBPyConnection) -> Places:
    rows = engine.run(connection, "linkage.scoring", "places").fetchnumpy()
    account, identifier = rows["account"].astype(np.int64), rows["identifier"].astype(np.int64)
    operator, prefix = np.ma.asarray(rows["asn"]), np.ma.asarray(rows["prefix"])
    named = ~np.ma.getmaskarray(prefix)
    place = _BY_ITSELF + identifier
    place[named] = _BY_PREFIX + np.unique(np.ma.getdata(prefix)[named].astype(str), return_inverse=True)[1]
    known = ~np.ma.getmaskarray(operator)
    place[known] = np.ma.getdata(operator)[known].astype(np.int64)
    return Places(account, identifier, place)


def _asked(connection: duckdb.DuckDBPyConnection) -> Asked:
    rows = engine.run(connection, "linkage.scoring", "asked").fetchnumpy()
    return Asked(*(rows[name].astype(np.int64) for name in ("account", "identifier", "tokens")))


def _used(connection: duckdb.DuckDBPyConnection, accounts: int) -> dict[str, NDArray[np.bool_]]:
    rows = engine.run(connection, "linkage.scoring", "kinds_used").fetchnumpy()
    position, kind = rows["position"].astype(np.int64), np.asarray(rows["kind"]).astype(str)
    used = {}
    for name in sorted(set(kind.tolist())):
        used[name] = np.zeros(accounts, dtype=np.bool_)
        used[name][position[kind == name]] = True
    return used


def _capabilities(connection: duckdb.DuckDBPyConnection, accounts: int) -> tuple[tuple[str, ...], FloatArray]:
    rows = engine.run(connection, "linkage.scoring", "capability_events").fetchnumpy()
    names = tuple(sorted({str(name) for name in rows["capability"]}))
    column = {name: at for at, name in enumerate(names)}
    counts = np.zeros((accounts, len(names)))
    where = np.array([column[str(name)] for name in rows["capability"]], dtype=np.int64)
    counts[rows["position"].astype(np.int64), where] = rows["events"].astype(np.float64)
    total = counts.sum(axis=1, keepdims=True)
    with np.errstate(invalid="ignore"):
        return names, np.where(total > 0, counts / total, np.nan)
