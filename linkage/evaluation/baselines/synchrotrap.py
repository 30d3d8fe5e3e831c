"""SynchroTrap: accounts that do the same at around the same time, for long (Cao et al., CCS 2014,
doi 10.1145/2660267.2660269).

Two actions match when they use the same object (the paper's constraint: an address, a page, an app) within a window of
time; likeness is the Jaccard index of two accounts' actions, matches counted as one, summed over objects and days;
accounts are clustered by single linkage at a threshold. Times are ten-minute slots, and a match is the same slot or the
next one. Objects are the identifiers of one kind. Without an object every action of a slot could match: then pairs are
not all those of a slot, which nobody can afford, but those that MinHash (Broder 1997, doi 10.1109/SEQUEN.1997.666900)
brings together.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from linkage.evaluation.baselines import kernels, oracle, pairs
from linkage.evaluation.baselines.edges import Actions, Baseline, Edges
from linkage.evidence import pairs_kernels

if TYPE_CHECKING:
    from linkage.evaluation.baselines.edges import FloatArray, IntArray, Mask

#: Slots between two actions that match, at most.
_APART = 1
#: Likeness from which accounts are linked, and matches that a pair has at least: what is tried.
THRESHOLDS = (0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
MATCHES = (1, 3, 10)
#: Random orders of slots, and neighbours that an account is compared with in each.
_ORDERS, _NEIGHBOURS = 32, 6


def run(edges: Edges, malicious: Mask) -> Iterator[Baseline]:
    """With identifiers of each kind as objects, and by time alone; nothing where times are not known."""
    if edges.actions is None:
        return
    count = len(edges.accounts)
    for kind in (*edges.kinds, None):
        actions = edges.actions(kind)
        found = candidates(actions, count) if kind is not None else _by_minhash(actions, count)
        name = (
            f"SynchroTrap, {kind}, moments to {found.cap} accounts" if kind else "SynchroTrap, time alone, by MinHash"
        )
        if actions.days_left_out:
            name += f", {actions.days_left_out} days of aggregates left out"
        yield oracle.best(name, _clusters(actions, found, count), malicious)


def candidates(actions: Actions, accounts: int) -> pairs.Pairs:
    """Pairs with a match, but for moments (an identifier in two slots in a row) of too many accounts."""
    first_slot = int(actions.slot.min(initial=0))
    width = int(actions.slot.max(initial=0)) - first_slot + _APART + 1
    # A window of slots begins at each slot: who acts in slot s is in the windows that begin at s and just before.
    at = actions.identifier * width + (actions.slot - first_slot)
    key = np.concatenate([at + step for step in range(_APART + 1)])
    moment = np.unique(key, return_inverse=True)[1]
    account = np.tile(actions.account, _APART + 1)
    present = pairs.distinct(moment * accounts + account)
    return pairs.within_blocks(present % accounts, present // accounts, accounts)


def likeness(actions: Actions, found: pairs.Pairs, accounts: int) -> tuple[IntArray, FloatArray]:
    """Matches m of each pair (P), and m / (n₁ + n₂ − m), n the actions of either."""
    by_account = pairs.rows(actions.account, accounts, actions.identifier, actions.slot)
    matched = kernels.matches(
        found.first,
        found.second,
        by_account.start,
        actions.identifier[by_account.order],
        actions.slot[by_account.order],
        _APART,
    )
    count = np.diff(by_account.start)
    return matched, matched / np.maximum(1, count[found.first] + count[found.second] - matched)


def _clusters(actions: Actions, found: pairs.Pairs, accounts: int) -> Iterator[IntArray]:
    matched, like = likeness(actions, found, accounts)
    for least in MATCHES:
        enough = matched >= least
        if enough.any():
            yield from pairs.single_linkage(found.where(enough), like[enough], accounts, THRESHOLDS)


def _by_minhash(actions: Actions, accounts: int) -> pairs.Pairs:
    """Pairs whose first slot in a random order is the same: with as high a probability as they are alike."""
    by_account = pairs.rows(actions.account, accounts, actions.slot)
    slot = actions.slot[by_account.order]
    able = np.flatnonzero(np.diff(by_account.start))
    random = np.random.default_rng(1)
    keys = [np.zeros(0, np.int64)]
    for salt in random.integers(1, 2**63, _ORDERS, dtype=np.uint64):
        block = pairs_kernels.smallest(by_account.start, slot, able, salt)
        order = np.lexsort((random.permutation(len(able)), block))
        met = pairs_kernels.neighbours(able[order], block[order], _NEIGHBOURS).reshape(-1, 2)
        keys.append(met[:, 0] * accounts + met[:, 1])
    key = pairs.distinct(np.concatenate(keys))
    return pairs.Pairs(key // accounts, key % accounts, _NEIGHBOURS)
