"""When the accounts of a campaign come and go: waves, bans, successors, where accounts are got from."""

from __future__ import annotations

import numpy as np

from linkage.synthetic.draft import ACTIVE, BANNED, Draft
from linkage.synthetic.tokens import Bools, Floats, Ints


def fill(draft: Draft, who: Ints, drawn: dict[str, float]) -> Ints:
    """Onboarding in waves, retirement, bans and successors.

    Returns the *seat* of every account: an account and its successor sit on the same one.
    """
    rng, count, days = draft.rng, len(who), draft.days
    length = min(drawn["campaign_days"], days * 1.05)
    start = rng.uniform(-drawn["overhang"] * length, max(days - length, 0.05 * days))
    if drawn["pivot"] > 0.4:
        # Whoever moves to a new model is there before and after its release.
        models = draft.world.models
        start = float(models.released[models.flagship]) - rng.uniform(0.3, 0.7) * length
        drawn["account_days"] = max(drawn["account_days"], 0.5 * length)
    stop = start + length
    waves = int(rng.integers(1, 8))
    opening = np.sort(rng.uniform(0, max(0.0, length - drawn["account_days"]) + 0.5, waves))
    opening[0] = 0.0
    begin = start + opening[rng.integers(waves, size=count)] + rng.exponential(1.5, count)
    # Everybody exchanges something within the window.
    begin = np.clip(begin, None, days - 4.0)
    end = np.minimum(begin + drawn["account_days"] * rng.uniform(0.5, 1.3, count), stop + rng.uniform(0, 3, count))
    end = np.maximum(np.maximum(end, begin + 2.0), rng.uniform(2, 8, count))
    seat = np.arange(count)
    status = np.full(count, ACTIVE)
    fresh = rng.random(count) < drawn["young"]
    # The first of each pair is banned while its seat still has days ahead; the second takes over within two days.
    pairs = int(count * drawn["replaced"] / 2)
    order = rng.permutation(count)
    first, second = order[:pairs], order[pairs : 2 * pairs]
    ban = np.maximum(begin[first], 0) + rng.uniform(0.25, 0.75, pairs) * np.maximum(
        end[first] - np.maximum(begin[first], 0), 3
    )
    ban = np.clip(ban, 1.5, days - 3.0)
    begin[first] = np.minimum(begin[first], ban - 1.0)
    begin[second] = ban + rng.exponential(0.6, pairs).clip(0.02, 2)
    end[second] = np.maximum(begin[second] + drawn["account_days"] * rng.uniform(0.4, 1.0, pairs), begin[second] + 2.5)
    end[first], status[first], seat[second] = ban, BANNED, first
    fresh[second] |= rng.random(pairs) < 0.8
    # Some more are banned and not replaced, as happens to everybody.
    status[(rng.random(count) < 0.02) & (end < days)] = BANNED
    draft.set(who, begin=begin, end=end, status=status, verified=rng.random(count) < drawn["verified"])
    _origins(draft, who, drawn, fresh)
    return seat


def _origins(draft: Draft, who: Ints, drawn: dict[str, float], fresh: Bools) -> None:
    """Sign-ups: shortly before use, or long before, by the operator or by somebody who sold the account."""
    rng, count = draft.rng, len(who)
    begin: Floats = draft.columns["begin"][who].astype(np.float64)
    aged = begin - 15 - rng.exponential(rng.uniform(60, 260), count)
    young = begin - rng.exponential(rng.uniform(0.1, 6), count)
    draft.set(who, created=np.where(fresh, young, aged))
    if rng.random() < 0.35:
        # Catch-all domains, bought by the dozen.
        domains = np.array([draft.domain() for _ in range(1 + int(count / rng.uniform(8, 60)))])
        some = rng.random(count) < rng.uniform(0.2, 0.8)
        draft.set(who, domain=np.where(some, rng.choice(domains, size=count), draft.columns["domain"][who]))
    draft.set(who, tier=rng.choice(3, count, p=[0.1, 0.8, 0.1]), organization=-1)
    sold = np.flatnonzero(~fresh & (begin > 3) & (rng.random(count) < drawn["bought"]))
    owners = draft.former_owners(who[sold])
    buyers, handed = who[sold[: len(owners)]], begin[sold[: len(owners)]]
    created = np.minimum(draft.columns["created"][owners], handed - 5)
    draft.set(owners, created=created, begin=created, end=handed - rng.uniform(0, 2, len(owners)))
    draft.set(buyers, created=created, signs_up=0)
    for name in ("domain", "verified"):
        draft.set(buyers, **{name: draft.columns[name][owners]})
