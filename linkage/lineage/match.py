"""This refresh × earlier ones: which cluster is which, and what became of each.

A cluster keeps its id while enough of it stays: pairs of an earlier and a new cluster are taken by falling overlap,
each once. An operator may replace every account at once: then what they stand on, cards, templates and the like, says
that it is the same cluster. What is left over is new, merged into another, split off from one, revived from before the
last refresh, or gone.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from linkage.config import LineageSettings

Members = Mapping[str, frozenset[int]]
#: What a cluster stands on: by identifier (surrogate id), how many members it holds, each as far as it is trusted.
Evidence = Mapping[int, float]


@dataclass(frozen=True, slots=True)
class Ancestor:
    """Clusters of an earlier refresh: members (surrogate ids) by cluster id, and what each stands on."""

    refresh_id: str
    clusters: Members
    evidence: Mapping[str, Evidence] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class LineageRow:
    """One row of the lineage table."""

    cluster_id: str
    event: str
    parent_refresh_id: str | None
    parent_cluster_id: str | None
    overlap: float | None


@dataclass(frozen=True, slots=True)
class Named:
    """Stable id and event of each new cluster, by its position; and the rows of the lineage table."""

    ids: tuple[str, ...]
    events: tuple[str, ...]
    rows: tuple[LineageRow, ...]


def founding_id(refresh_id: str, members: Sequence[str]) -> str:
    """Id of a cluster first seen in ``refresh_id``: a digest of the refresh and its members' raw ids."""
    digest = hashlib.sha256()
    for part in (refresh_id, *sorted(members)):
        encoded = part.encode("utf-8")
        digest.update(len(encoded).to_bytes(4, "big"))
        digest.update(encoded)
    return f"c-{digest.hexdigest()[:12]}"


def name(
    found: Sequence[frozenset[int]],
    founding: Sequence[str],
    earlier: Sequence[Ancestor],
    settings: LineageSettings,
    evidence: Sequence[Evidence] = (),
    confirmed: Mapping[int, str] | None = None,
) -> Named:
    """Name the clusters of a refresh.

    ``found``: members of each new cluster. ``founding``: the id each would have if it were new. ``earlier``: the
    refreshes before, newest first; the first is the parent, the others are looked at for revivals. ``evidence``: what
    each new cluster stands on; members alone decide where it is not given. ``confirmed``: new cluster that holds an
    operator that people confirmed → the id that they know it by; it keeps that as long as anything of it is left.
    """
    parent = earlier[0] if earlier else None
    ids: list[str | None] = [None] * len(found)
    events = [""] * len(found)
    rows: list[LineageRow] = []
    taken: set[str] = set()
    overlaps = _overlaps(found, parent.clusters) if parent else {}
    by_jaccard = sorted(
        ((jaccard, old, new) for (old, new), (jaccard, _a, _b) in overlaps.items()), key=lambda x: (-x[0], x[1], x[2])
    )
    known_as = {(old, new) for new, old in (confirmed or {}).items()}
    by_jaccard.sort(key=lambda pair: pair[1:] not in known_as)
    for jaccard, old, new in by_jaccard:
        _j, of_old, of_new = overlaps[old, new]
        if old in taken or ids[new] is not None:
            continue
        if (old, new) not in known_as and (
            max(of_old, of_new) < settings.same_share or jaccard < settings.least_overlap
        ):
            continue
        ids[new] = old
        taken.add(old)
    if parent and evidence:
        for old, new in _same_ground(evidence, ids, parent, overlaps, taken, settings):
            ids[new] = old
            taken.add(old)
    if parent:
        _describe(found, ids, events, rows, overlaps, parent, settings)
    unnamed = [position for position, cluster_id in enumerate(ids) if cluster_id is None]
    known = taken.union(parent.clusters) if parent else taken
    for position, refresh_id, old, jaccard in _revivals(found, unnamed, earlier[1:], known, settings):
        ids[position], events[position] = old, "revived"
        rows.append(LineageRow(old, "revived", refresh_id, old, jaccard))
    for position in unnamed:
        if ids[position] is not None:
            continue
        fresh = founding[position]
        ids[position] = fresh
        sources = [(of_old, old) for (old, new), (_j, of_old, _n) in overlaps.items() if new == position]
        absorbed = sorted(old for of_old, old in sources if of_old >= settings.same_share and old not in taken)
        if absorbed and parent:
            events[position] = "merged"
            rows.extend(
                LineageRow(fresh, "merged", parent.refresh_id, old, overlaps[old, position][0]) for old in absorbed
            )
            continue
        split_from = [old for of_old, old in sorted(sources, reverse=True) if of_old >= settings.part_share]
        if split_from and parent:
            events[position] = "split"
            rows.append(
                LineageRow(fresh, "split", parent.refresh_id, split_from[0], overlaps[split_from[0], position][0])
            )
        else:
            events[position] = "new"
            rows.append(LineageRow(fresh, "new", None, None, None))
    rows.sort(key=lambda row: (row.cluster_id, row.event, row.parent_cluster_id or ""))
    return Named(tuple(str(cluster_id) for cluster_id in ids), tuple(events), tuple(rows))


def _overlaps(found: Sequence[frozenset[int]], old: Members) -> dict[tuple[str, int], tuple[float, float, float]]:
    """(old id, new position) → Jaccard, share of the old cluster, share of the new one; where they meet."""
    home = {account: cluster_id for cluster_id, members in old.items() for account in members}
    common: dict[tuple[str, int], int] = {}
    for position, members in enumerate(found):
        for account in members:
            cluster_id = home.get(account)
            if cluster_id is not None:
                common[cluster_id, position] = common.get((cluster_id, position), 0) + 1
    return {
        (old_id, new): (
            count / (len(old[old_id]) + len(found[new]) - count),
            count / len(old[old_id]),
            count / len(found[new]),
        )
        for (old_id, new), count in common.items()
    }


def _same_ground(
    evidence: Sequence[Evidence],
    ids: Sequence[str | None],
    parent: Ancestor,
    overlaps: Mapping[tuple[str, int], tuple[float, float, float]],
    taken: set[str],
    settings: LineageSettings,
) -> list[tuple[str, int]]:
    """Old clusters whose members are nowhere any more, and new ones of nobody's members, that stand on the same.

    By weight, at least ``same_share`` of what either stands on the other stands on as well. Pairs are taken by falling
    share, each cluster once.
    """
    elsewhere = {old for (old, _new), (_j, of_old, _n) in overlaps.items() if of_old >= settings.part_share}
    known = {
        new for (_old, new), (_j, of_old, of_new) in overlaps.items() if max(of_old, of_new) >= settings.part_share
    }
    gone = {old: parent.evidence.get(old, {}) for old in parent.clusters if old not in taken and old not in elsewhere}
    standing: dict[int, list[str]] = {}
    for old in sorted(gone):
        for identifier in gone[old]:
            standing.setdefault(identifier, []).append(old)
    pairs: list[tuple[float, str, int]] = []
    for new, weights in enumerate(evidence):
        if ids[new] is not None or new in known:
            continue
        for old in {old for identifier in weights for old in standing.get(identifier, ())}:
            common = weights.keys() & gone[old].keys()
            share = min(_share(common, weights), _share(common, gone[old]))
            if share >= settings.same_share:
                pairs.append((-share, old, new))
    matched: dict[str, int] = {}
    for _falling, old, new in sorted(pairs):
        if old not in matched and new not in matched.values():
            matched[old] = new
    return list(matched.items())


def _share(common: Set[int], weights: Evidence) -> float:
    return sum(weights[identifier] for identifier in sorted(common)) / sum(weights.values())


def _describe(
    found: Sequence[frozenset[int]],
    ids: Sequence[str | None],
    events: list[str],
    rows: list[LineageRow],
    overlaps: Mapping[tuple[str, int], tuple[float, float, float]],
    parent: Ancestor,
    settings: LineageSettings,
) -> None:
    """Events of the clusters that kept an id, and what became of the parent's clusters that lost theirs."""
    kept = {cluster_id: position for position, cluster_id in enumerate(ids) if cluster_id is not None}
    of_old_one: dict[str, list[tuple[int, float]]] = {}
    of_new_one: dict[int, list[tuple[str, float]]] = {}
    for (old, new), (_jaccard, share, _new) in overlaps.items():
        of_old_one.setdefault(old, []).append((new, share))
        of_new_one.setdefault(new, []).append((old, share))
    for cluster_id, position in kept.items():
        before, now = len(parent.clusters[cluster_id]), len(found[position])
        # None in common: every member was replaced.
        jaccard, of_old, _new = overlaps.get((cluster_id, position), (0.0, 0.0, 0.0))
        merged = [
            old
            for old, share in of_new_one.get(position, ())
            if old != cluster_id and old not in kept and share >= settings.same_share
        ]
        pieces = [new for new, share in of_old_one.get(cluster_id, ()) if share >= settings.part_share]
        if merged:
            event = "merged"
        elif len(pieces) > 1 and of_old < settings.whole_share:
            event = "split"
        elif now >= before * (1 + settings.size_change):
            event = "grew"
        elif now <= before * (1 - settings.size_change):
            event = "shrank"
        else:
            event = "continued"
        events[position] = event
        rows.append(LineageRow(cluster_id, event, parent.refresh_id, cluster_id, jaccard))
        rows.extend(
            LineageRow(cluster_id, "merged", parent.refresh_id, old, overlaps[old, position][0])
            for old in sorted(merged)
        )
    for old in sorted(parent.clusters):
        if old in kept:
            continue
        if not any(share >= settings.same_share for _new, share in of_old_one.get(old, ())):
            rows.append(LineageRow(old, "dissolved", parent.refresh_id, old, 0.0))


def _revivals(
    found: Sequence[frozenset[int]],
    unnamed: Sequence[int],
    earlier: Sequence[Ancestor],
    known: set[str],
    settings: LineageSettings,
) -> list[tuple[int, str, str, float]]:
    """Clusters gone since an earlier refresh that unnamed ones bring back: position, refresh, old id and Jaccard.

    Pairs are taken by falling overlap, each cluster once; between equal overlaps the more recent refresh stands.
    """
    pairs: list[tuple[float, int, str, int]] = []
    for age, ancestor in enumerate(earlier):
        gone = {old: before for old, before in ancestor.clusters.items() if old not in known}
        candidates = [found[position] for position in unnamed]
        for (old, at), (jaccard, of_old, of_new) in _overlaps(candidates, gone).items():
            if max(of_old, of_new) >= settings.same_share and jaccard >= settings.least_overlap:
                pairs.append((-jaccard, age, old, unnamed[at]))
    out: list[tuple[int, str, str, float]] = []
    used_ids: set[str] = set()
    used_positions: set[int] = set()
    for falling, age, old, position in sorted(pairs):
        if old in used_ids or position in used_positions:
            continue
        used_ids.add(old)
        used_positions.add(position)
        out.append((position, earlier[age].refresh_id, old, -falling))
    return out
