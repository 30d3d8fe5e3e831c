"""What sharing an identifier is worth: learned from whether the accounts on it belong together by something else.

Sharing identifier j raises the odds that two accounts have one operator from π/(1−π) to θ_j/(1−θ_j), that is by
``logit θ_j − logit π`` bits (Fellegi and Sunter 1969, doi 10.1080/01621459.1969.10501049). θ_j starts at its kind's
prior for its degree and is re-estimated in rounds (empirical Bayes):

0. *Ownership*: how far the accounts on j are together on some other identifier as well (closure), or nobody uses j in
   passing (devotion). Either tells a campaign's own template from a public one of the same degree before anything is
   learned, and it is where regions start.
1. *Regions*: communities of the account–identifier graph, each identifier weighted by θ^¾. Weak collective ties that no
   pair of accounts shows hold a region together. An address is judged by regions that no address had a part in: else a
   campus would vouch for its own address. So is a template, or any other kind of which an account uses many: those of a
   framework come together, and would vouch for each other.
2. *Corroboration*: an account on j counts towards j's region as far as its **other** identifiers tie it there; those of
   an address count only what is no address, those of a template what is no template.
3. *θ*: the share of j's pairs whose both ends are corroborated in one region, among the pairs that anything else could
   corroborate. An account with nothing but j says neither yes nor no: a pair of such accounts counts as the others do
   as far as j is a group's own, or other identifiers gather its accounts in one region (further templates too: where
   nobody shows anything else, they are all there is), and as the prior otherwise. All of it is shrunk towards the
   prior; and what devotion says stands by itself, since a hub that is the only tie has nothing to corroborate it.

A campus address or a public template is spread over regions and explains itself away; a template of accounts that also
share cards, exits or further templates is trusted, however few of its pairs share anything else directly; and a chain
of cards, whose ends have nothing else to show, keeps its prior. The cost is linear in sightings: no pair is formed.
"""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from linkage import leiden
from linkage.evidence import chance, kernels
from linkage.evidence.devotion import devotion
from linkage.model.kinds import SCHEDULE
from linkage.model.tables import DIGITS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from linkage.config import EvidenceSettings, KindPrior
    from linkage.evidence.incidence import Incidence

#: Strength of an account's other ties at which it counts as half corroborated: one identifier that is half trusted.
_HALF_TIED = 0.5

#: Power of θ that an edge of the account–identifier graph weighs.
_WEIGHT = 0.75
#: Identifiers with fewer accounts have no closure of their own: chance alone closes them.
_FEW = 8
#: Accounts that the closure of a larger identifier is estimated on; its standard error is at most .03.
_SAMPLE = 256
#: Addresses of an account beyond which it is asked for no pool: it meets everybody, and every pair costs all of them.
_HELD = 1_000
#: Accounts at which half of what an address shows of them counts, as for devotion.
_STRENGTH = 16.0
#: Share of an address's accounts that other kinds tell of, at which they are all that counts.
_TOLD = 0.5
#: Keeps a division by nothing from failing: an identifier whose accounts nothing else could tie.
_LEAST = 1e-9


@dataclass(frozen=True, slots=True)
class Trust:
    """Per identifier (M): ``theta``, ``prior``, ``bits``, and ``further``: its bits beside stronger evidence, × √θ.

    ``usual`` (M): the prior that goes with its kind and degree, before chance was asked.

    ``discount`` (K): what each further shared identifier of a kind counts. ``network`` (K): whether it is a place in
    the network. ``pool`` (M): how far an address is one of a pool of exits whose accounts nothing else tells of.
    ``prior_log_odds``: logit₂ π.
    """

    theta: NDArray[np.float64]
    prior: NDArray[np.float64]
    usual: NDArray[np.float64]
    bits: NDArray[np.float64]
    further: NDArray[np.float64]
    discount: NDArray[np.float64]
    network: NDArray[np.bool_]
    pool: NDArray[np.float64]
    prior_log_odds: float


def log_odds(probability: NDArray[np.float64] | float) -> NDArray[np.float64]:
    """logit to base 2: bits."""
    p = np.asarray(probability, dtype=np.float64)
    return np.asarray(np.log2(p / (1.0 - p)))


def learn(incidence: Incidence, settings: EvidenceSettings, seed: int, threads: int | None = None) -> Trust:
    """Estimate θ of every identifier in ``settings.rounds`` rounds, on ``threads`` (default: one per core)."""
    priors = [settings.prior_of(kind) for kind in incidence.kinds]
    pi = min(0.01, settings.companions / max(2, incidence.accounts))
    usual = _prior(incidence, priors)
    # Of what an account holds few of, chance is asked of having a shared one at all; exits of a pool, of which the
    # operator's accounts meet on few and use many, are asked for by their own.
    asked = np.array([not entry.held and not entry.network for entry in priors], dtype=np.bool_)
    asked &= np.array([kind != SCHEDULE for kind in incidence.kinds], dtype=np.bool_)
    prior = np.where(asked[incidence.kind], chance.left(incidence, usual, pi, seed), usual)
    strength = np.array([entry.strength for entry in priors])[incidence.kind]
    network = np.array([entry.network for entry in priors], dtype=np.bool_)
    discount = np.array([entry.discount for entry in priors])
    # Of these an account uses many, and what brings one along brings others: they would vouch for each other.
    many = np.array([not entry.held and not entry.network for entry in priors], dtype=np.bool_)
    if SCHEDULE in incidence.kinds:
        # Found by a test of its own.
        many[incidence.kinds.index(SCHEDULE)] = False
    apart = [network, *(np.arange(len(priors)) == at for at in np.flatnonzero(many))]
    degree = incidence.degree.astype(np.float64)
    pairs = degree * (degree - 1.0) / 2.0
    closure = kernels.closure(
        incidence.account_start,
        incidence.edge_identifier,
        incidence.identifier_start,
        incidence.identifier_edge,
        incidence.edge_account,
        network[incidence.kind],
        _FEW,
        _SAMPLE,
        seed,
    )
    devoted = devotion(incidence, network)
    pooled = _pooled(incidence, network, seed)
    own = 1.0 - (1.0 - closure) * (1.0 - devoted) * (1.0 - pooled)
    theta, worth = np.maximum(prior, own**2), np.array([entry.trust for entry in priors])[incidence.kind]
    pool = pooled
    for _ in range(settings.rounds):
        tied, tested, gathered = _judged(incidence, theta, worth, discount, apart, network, seed, threads)
        share = (tied / np.maximum(tested, _LEAST)) ** 2
        known = pairs * (tested / np.maximum(degree, 1.0)) ** 2
        # Pairs that have nothing else to be judged by are as the judged ones, as far as j is a group's own, or its
        # accounts gather in one region without it: f² of the pairs when a share f of its accounts does. Where nobody is
        # judged, one account that is tied speaks for them.
        likely = ((tied + 1.0) / (tested + 1.0)) ** 2
        unknown = np.maximum(prior + own**2 * np.maximum(likely - prior, 0.0), gathered**2 * likely)
        learned = (known * share + (pairs - known) * unknown + strength * prior) / (pairs + strength)
        # As devotion, so does a pool stand by itself, as far as nothing of another kind tells of its accounts at all:
        # customers of one provider share its exits too, and have cards and prompts that say whose they are.
        alone = np.clip(1.0 - tested / (_TOLD * np.maximum(degree, 1.0)), 0.0, 1.0)
        pool = pooled * alone
        theta = worth = 1.0 - (1.0 - learned) * (1.0 - devoted**2) * (1.0 - pool**2)
    # A re-run is given what the snapshot keeps. Among many accounts a millionth of a hub's small θ shows in its bits,
    # so everything after goes by what is kept.
    theta = _kept(theta)
    prior_log_odds = float(log_odds(pi))
    bits = np.maximum(0.0, log_odds(np.clip(theta, 1e-9, 1.0 - 1e-3)) - prior_log_odds)
    bits = _kept(np.where(degree >= 2, bits, 0.0))
    return Trust(
        theta=theta,
        prior=prior,
        usual=_kept(usual),
        bits=bits,
        further=bits * np.sqrt(theta),
        discount=discount,
        network=network,
        pool=pool,
        prior_log_odds=prior_log_odds,
    )


def _kept(value: NDArray[np.float64]) -> NDArray[np.float64]:
    """The values as a table of the snapshot has them."""
    return np.round(value, DIGITS).astype(np.float64)


def regions(incidence: Incidence, theta: NDArray[np.float64], seed: int) -> NDArray[np.int64]:
    """Region of every account (N): communities of the account–identifier graph, edges weighted by θ^¾.

    θ is a share of pairs, and √θ one of accounts: when a share f of an identifier's accounts belongs together, f² of
    its pairs do. With √θ the thirty public templates of an account outweigh its one card, and a loose campaign is lost
    in the crowd; with θ, chains of cards and campaigns on one exit provider fall to pieces or together (decision 0010).
    """
    used = theta[incidence.edge_identifier] > 0
    identifier = incidence.edge_identifier[used].astype(np.int64)
    first = incidence.edge_account[used].astype(np.int64)
    nodes = incidence.accounts + incidence.identifiers
    part = leiden.partition(first, identifier + incidence.accounts, theta[identifier] ** _WEIGHT, nodes, seed)
    return part[: incidence.accounts]


def _pooled(incidence: Incidence, network: NDArray[np.bool_], seed: int) -> NDArray[np.float64]:
    """How far the accounts on each address meet on addresses of further operators (M)."""
    measured = kernels.pooled(
        incidence.account_start,
        incidence.edge_identifier,
        incidence.identifier_start,
        incidence.identifier_edge,
        incidence.edge_account,
        np.where(network[incidence.kind], incidence.operator, -1),
        _FEW,
        _SAMPLE,
        _HELD,
        seed,
    )
    degree = incidence.degree.astype(np.float64)
    return measured * degree / (degree + _STRENGTH)


def _prior(incidence: Incidence, priors: list[KindPrior]) -> NDArray[np.float64]:
    base = np.array([entry.trust for entry in priors])[incidence.kind]
    half = np.array([entry.half_degree for entry in priors])[incidence.kind]
    beyond = np.maximum(0.0, incidence.degree.astype(np.float64) - 2.0)
    return np.asarray(base / (1.0 + beyond / half))


def _judged(
    incidence: Incidence,
    theta: NDArray[np.float64],
    worth: NDArray[np.float64],
    discount: NDArray[np.float64],
    apart: Sequence[NDArray[np.bool_]],
    network: NDArray[np.bool_],
    seed: int,
    threads: int | None,
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """As :func:`_corroborated`; kinds ``apart`` by regions and ties that they had no part in."""
    apart = [kinds for kinds in apart if kinds[incidence.kind].any()]
    judged_by = [theta, *(np.where(kinds[incidence.kind], 0.0, theta) for kinds in apart)]
    with ThreadPoolExecutor(threads or os.cpu_count()) as pool:
        region, *elsewhere = pool.map(lambda pull: regions(incidence, pull, seed), judged_by)
    tied, tested, gathered = _corroborated(incidence, region, theta, worth, discount, network)
    for kinds, pull, region in zip(apart, judged_by[1:], elsewhere, strict=True):
        these = kinds[incidence.kind]
        tied_apart, tested_apart, _ = _corroborated(
            incidence, region, pull, np.where(these, 0.0, worth), discount, network
        )
        tied, tested = np.where(these, tied_apart, tied), np.where(these, tested_apart, tested)
        if (kinds & network).any():
            gathered = np.where(these, 0.0, gathered)
    return tied, tested, gathered


def _corroborated(
    incidence: Incidence,
    region: NDArray[np.int64],
    theta: NDArray[np.float64],
    worth: NDArray[np.float64],
    discount: NDArray[np.float64],
    network: NDArray[np.bool_],
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Accounts on each identifier that others tie to the region with most such accounts, and that any could tie (M, M).

    Neither is a whole number: an account with weak ties counts in part. The third (M) is how far its accounts gather in
    that region, beyond chance, as far as they were drawn there by others: an identifier gathers by itself whoever has
    nothing else. ``theta``: what regions were made by.
    """
    regions = int(region.max(initial=0)) + 1
    account = incidence.edge_account
    identifier = incidence.edge_identifier.astype(np.int64)
    cell = identifier * regions + region[account]
    cells, inverse, count = np.unique(cell, return_inverse=True, return_counts=True)
    together = count[inverse]
    size = np.bincount(region, minlength=regions)[region[account]]
    degree = incidence.degree[identifier]
    # How far the identifier belongs to this region, leaving the account out and taking chance off.
    share = (together - 1.0) / np.maximum(degree - 1.0, 1.0)
    chance = (size - 1.0) / max(1, incidence.accounts - 1)
    own = np.where(together >= 2, np.clip((share - chance) / (1.0 - np.minimum(chance, 0.99)), 0.0, 1.0), 0.0)
    strength = worth[identifier]
    tied = np.bincount(inverse, _others(incidence, strength * own**2, discount, network), len(cells))
    best = np.zeros(incidence.identifiers)
    np.maximum.at(best, cells // regions, tied)
    tested = np.bincount(identifier, _others(incidence, strength, discount, network), incidence.identifiers)
    pull = theta[identifier] ** _WEIGHT  # as in :func:`regions`
    every = np.bincount(account, pull, incidence.accounts)[account]
    by_others = 1.0 - pull / np.maximum(every, _LEAST)
    of_cell = np.bincount(inverse, own * by_others, len(cells)) / count
    gathered = np.zeros(incidence.identifiers)
    at = tied >= best[cells // regions]
    np.maximum.at(gathered, (cells // regions)[at], of_cell[at])
    return best, np.maximum(tested, best), np.where(incidence.degree >= _FEW, gathered, 0.0)


def _others(
    incidence: Incidence, tie: NDArray[np.float64], discount: NDArray[np.float64], network: NDArray[np.bool_]
) -> NDArray[np.float64]:
    """How far the *other* edges of an account tie it (E, 0–1), given what each edge is worth."""
    other = kernels.other_ties(
        incidence.account_start, incidence.edge_identifier, incidence.kind, discount, network, tie
    )
    return np.asarray(other / (other + _HALF_TIED))
