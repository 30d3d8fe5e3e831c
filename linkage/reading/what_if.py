"""A cluster without some of its evidence: membership summed anew from the rows that the snapshot keeps of it.

The steps of ``account_bits`` are what membership was decided on. Without an identifier its bits are gone; the next
strongest of its kind then counts whole, where it had counted at the kind's discount, and addresses are capped again by
the surest and the second that are left. An account stays while its sum is at or above the threshold, 0 bits unless
another is asked for: more likely in than not. What others lose does not weigh on it: shares within the cluster are not
counted anew, so a refresh that really goes without the evidence may let go of more.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from linkage.config import EvidenceSettings
from linkage.errors import UsageError
from linkage.model.what_if import WhatIf
from linkage.sorted_keys import first_of_each

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from linkage.stores.snapshots import Snapshot

    Whole = NDArray[np.int64]
    Real = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Ties:
    """What holds one cluster together, a column each.

    ``members`` (M): surrogate ids, sorted. ``constant`` (M): bits that stand on no identifier. An entry is a member and
    an identifier that speaks for it: ``entry_member``, ``entry_kind``, ``entry_identifier``, ``entry_bits`` as counted,
    ``entry_surest``. A touch is a member on an identifier of the cluster's evidence.
    """

    refresh_id: str
    cluster_id: str
    members: Whole
    kinds: tuple[str, ...]
    discount: Real
    network: NDArray[np.bool_]
    constant: Real
    entry_member: Whole
    entry_kind: Whole
    entry_identifier: Whole
    entry_bits: Real
    entry_surest: Real
    evidence: Whole
    evidence_kind: NDArray[np.object_]
    touch_member: Whole
    touch_identifier: Whole

    def without(
        self,
        kinds: Collection[str] = (),
        identifiers: Iterable[int] = (),
        threshold: float = 0.0,
        networks: dict[str, int] | None = None,
    ) -> WhatIf:
        """The cluster without these kinds and identifiers; ``networks`` is passed on.

        Raises:
            UsageError: a kind ties nobody here.
        """
        unknown = set(kinds) - set(self.kinds) - set(self.evidence_kind)
        if unknown:
            raise UsageError(f"no identifier of kind {sorted(unknown)[0]} ties members of this cluster")
        dropped = set(identifiers)
        gone = np.isin(self.evidence, list(dropped)) | np.isin(self.evidence_kind, list(kinds))
        out = np.array(sorted(dropped | set(self.evidence[gone].tolist())), dtype=np.int64)
        silent = np.flatnonzero(np.isin(np.array(self.kinds, dtype=object), list(kinds)))
        kept = ~np.isin(self.entry_identifier, out) & ~np.isin(self.entry_kind, silent)
        before = self._by_kind(np.ones(len(kept), np.bool_))
        after = self._by_kind(kept)
        stays = self.constant + after.sum(axis=1) >= threshold
        parts, alone, part_of = self._parts(stays, out)
        return WhatIf(
            refresh_id=self.refresh_id,
            cluster_id=self.cluster_id,
            members=len(self.members),
            identifiers=len(self.evidence),
            dropped=int(gone.sum()),
            stay=tuple(self.members[stays].tolist()),
            leave=tuple(self.members[~stays].tolist()),
            parts=parts,
            alone=alone,
            bits_before=float(before.sum(axis=1).mean()),
            bits_after=float(after.sum(axis=1).mean()),
            networks=networks or {},
            part_of=part_of,
        )

    def _by_kind(self, kept: NDArray[np.bool_]) -> Real:
        """Bits of each member from each kind (M × K), from the entries that are kept."""
        cells = len(self.members) * len(self.kinds)
        cell = self.entry_member * len(self.kinds) + self.entry_kind
        strongest, was, surest = np.zeros(cells), np.zeros(cells), np.zeros(cells)
        np.maximum.at(was, cell, self.entry_bits)
        cell, bits = cell[kept], self.entry_bits[kept]
        np.maximum.at(strongest, cell, bits)
        np.maximum.at(surest, cell, self.entry_surest[kept])
        total = np.bincount(cell, weights=bits, minlength=cells)
        # What counted at the discount and is the strongest now counts whole.
        discount = np.tile(self.discount, len(self.members))
        whole = np.divide(strongest, discount, out=strongest.copy(), where=discount > 0)
        total = total + np.where(strongest < was, whole - strongest, 0.0)
        # As in linkage.communities.kernels.weighed.
        cap = np.maximum(0.5 * surest, np.minimum(surest, 2.0 * self._second(kept, cells)))
        capped = np.tile(self.network, len(self.members))
        return np.where(capped, np.minimum(total, cap), total).reshape(len(self.members), len(self.kinds))

    def _second(self, kept: NDArray[np.bool_], cells: int) -> Real:
        """What the second of the entries that are kept says by itself, by member and kind; 0 where there is none.

        Of a kind whose further identifiers count nothing that is not known: as much as is asked.
        """
        cell = self.entry_member * len(self.kinds) + self.entry_kind
        discount = self.discount[self.entry_kind]
        order = np.lexsort((-self.entry_bits, cell))
        leads = np.zeros(len(cell), dtype=np.bool_)
        leads[order[first_of_each(cell[order])]] = True
        itself = np.divide(self.entry_bits, discount, out=np.full(len(cell), np.inf), where=discount > 0)
        itself = np.where(leads, self.entry_bits, itself)
        order = order[kept[order]]
        order = order[np.lexsort((-itself[order], cell[order]))]
        first = np.flatnonzero(first_of_each(cell[order]))
        second = first[first + 1 < len(order)]
        second = second[cell[order[second + 1]] == cell[order[second]]] + 1
        out = np.zeros(cells)
        out[cell[order[second]]] = itself[order[second]]
        return out

    def _parts(self, stays: NDArray[np.bool_], out: Whole) -> tuple[tuple[int, ...], int, dict[int, int]]:
        """Groups of those who stay that hang together over evidence that is left: sizes, how many are alone, who."""
        from scipy.sparse import coo_matrix
        from scipy.sparse.csgraph import connected_components

        ties = stays[self.touch_member] & ~np.isin(self.touch_identifier, out)
        identifiers, column = np.unique(self.touch_identifier[ties], return_inverse=True)
        size = len(self.members) + len(identifiers)
        graph = coo_matrix(
            (np.ones(len(column)), (self.touch_member[ties], len(self.members) + column)), shape=(size, size)
        )
        label = connected_components(graph, directed=False)[1][: len(self.members)][stays]
        found, inverse, count = np.unique(label, return_inverse=True, return_counts=True)
        order = np.lexsort((found, -count))
        rank = np.empty(len(order), np.int64)
        rank[order] = np.arange(1, len(order) + 1)
        several = count[inverse] > 1
        who = zip(self.members[stays][several].tolist(), rank[inverse][several].tolist(), strict=True)
        return tuple(count[order][count[order] > 1].tolist()), int((count == 1).sum()), dict(who)


def ties(snapshot: Snapshot, cluster: str, settings: EvidenceSettings) -> Ties:
    """What holds ``cluster`` together. Reads: account_bits, cluster_identifiers, identifiers, members, sightings.

    Raises:
        UsageError: there is no such cluster.
    """
    own: list[tuple[str, str, object]] = [("cluster_id", "=", cluster)]
    members = np.sort(_read(snapshot, "members", ["account"], own)["account"].to_numpy(np.int64))
    if not len(members):
        raise UsageError(
            f"there is no such cluster at refresh {snapshot.refresh_id}", hint="`linkage clusters` lists them."
        )
    steps = _read(snapshot, "account_bits", ["account", "step", "kind", "identifier", "bits"], own)
    steps = steps[steps["account"].isin(members)]
    entries = steps[steps["identifier"].notna()]
    entry_identifier = entries["identifier"].to_numpy(np.int64)
    # The cap of a kind is not constant: it is laid on again, whatever is left.
    standing = steps[steps["identifier"].isna() & steps["kind"].isna()]
    constant = np.zeros(len(members))
    np.add.at(constant, _at(members, standing["account"]), standing["bits"].to_numpy(np.float64))
    kinds = tuple(sorted(set(entries["kind"])))
    priors = [settings.prior_of(kind) for kind in kinds]
    worth = _among(snapshot, "identifiers", ["identifier", "bits"], entry_identifier).set_index("identifier")["bits"]
    evidence = _read(snapshot, "cluster_identifiers", ["identifier", "kind", "role"], own)
    evidence = evidence[evidence["role"] == "evidence"]
    # By member: they are fewer than what they touch.
    touches = _read(snapshot, "sightings", ["account", "identifier"], [("account", "in", members.tolist())])
    touches = touches[touches["identifier"].isin(evidence["identifier"])]
    return Ties(
        refresh_id=snapshot.refresh_id,
        cluster_id=cluster,
        members=members,
        kinds=kinds,
        discount=np.array([prior.discount for prior in priors]),
        network=np.array([prior.network for prior in priors], dtype=np.bool_),
        constant=constant,
        entry_member=_at(members, entries["account"]),
        entry_kind=entries["kind"].map({kind: at for at, kind in enumerate(kinds)}).to_numpy(np.int64),
        entry_identifier=entry_identifier,
        entry_bits=entries["bits"].to_numpy(np.float64),
        entry_surest=worth.reindex(entry_identifier).fillna(np.inf).to_numpy(np.float64),
        evidence=evidence["identifier"].to_numpy(np.int64),
        evidence_kind=evidence["kind"].to_numpy(object),
        touch_member=_at(members, touches["account"]),
        touch_identifier=touches["identifier"].to_numpy(np.int64),
    )


def inside(
    networks: Iterable[str], addresses: Collection[int], values: Callable[[Collection[int]], dict[int, str]]
) -> dict[str, frozenset[int]]:
    """Network in canonical text → those of ``addresses`` (surrogate ids) that lie in it. ``values``: id → address.

    Raises:
        UsageError: a network is none.
    """
    found: dict[str, ipaddress.IPv4Network | ipaddress.IPv6Network] = {}
    for text in networks:
        try:
            network = ipaddress.ip_network(text.strip(), strict=False)
        except ValueError as fault:
            raise UsageError("that is not a network in CIDR, such as 198.51.100.0/24") from fault
        found[str(network)] = network
    known = {number: ipaddress.ip_address(value) for number, value in (values(addresses) if found else {}).items()}
    return {
        name: frozenset(number for number, address in known.items() if address in network)
        for name, network in found.items()
    }


def _read(
    snapshot: Snapshot, table: str, columns: list[str], filters: Sequence[tuple[str, str, object]]
) -> pd.DataFrame:
    import pyarrow.parquet as parquet

    frame: pd.DataFrame = parquet.read_table(
        snapshot.path(table), columns=columns, filters=list(filters), partitioning=None
    ).to_pandas()
    return frame


def _among(snapshot: Snapshot, table: str, columns: list[str], identifiers: Whole) -> pd.DataFrame:
    """Rows of ``table`` about these identifiers."""
    return _read(snapshot, table, columns, [("identifier", "in", np.unique(identifiers).tolist() or [-1])])


def _at(members: Whole, accounts: pd.Series) -> Whole:
    return np.asarray(np.searchsorted(members, accounts.to_numpy(np.int64)), dtype=np.int64)
