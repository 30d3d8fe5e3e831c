"""Terms of behaviour and life cycle: how accounts work, when, with what, and how they came and went."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from linkage.scoring.baseline import Baseline, capability_effects
from linkage.scoring.effects import effect, matched_cells
from linkage.scoring.term import Term, graded

if TYPE_CHECKING:
    from linkage.config import ScoringSettings
    from linkage.scoring.features import Features
    from linkage.scoring.term import FloatArray, IntArray


def behaviour(
    features: Features, label: IntArray, groups: int, baseline: Baseline, settings: ScoringSettings
) -> list[Term]:
    """How members work, when and with what, against matched ordinary accounts."""
    cell = matched_cells(features)
    size = np.bincount(label[label >= 0], minlength=groups)
    # name, feature, direction, kind of evidence, cap, for or against, words
    table = (
        (
            "no_private_work",
            "private_work",
            -1,
            "work",
            3.0,
            1,
            "{o:.0%} of their exchanges are on prompts of their own; matched ordinary accounts: {e:.0%}",
        ),
        (
            "rotating_networks",
            "prefixes_per_day",
            1,
            "network",
            3.0,
            1,
            "{x:.1f} networks an account a day; matched ordinary accounts: {y:.1f}",
        ),
        (
            "many_networks",
            "asns",
            1,
            "network",
            3.0,
            1,
            "{x:.1f} network operators an account; matched ordinary accounts: {y:.1f}",
        ),
        (
            "round_the_clock",
            "round_the_clock",
            1,
            "timing",
            2.0,
            1,
            "active hours are spread over the day ({o:.2f} of 1); matched ordinary accounts: {e:.2f}",
        ),
        (
            "strongest_models",
            "price_rank",
            1,
            "taste",
            2.0,
            1,
            "mean price rank of the models asked {o:.2f} of 1; matched ordinary accounts: {e:.2f}",
        ),
        (
            "moves_at_release",
            "release_share",
            1,
            "release",
            3.0,
            1,
            "{o:.0%} of traffic moved to a new model within two days; matched ordinary accounts: {e:.0%}",
        ),
        (
            "young_accounts",
            "age",
            -1,
            "lifecycle",
            2.0,
            1,
            "accounts are typically {x:.0f} days old; matched ordinary accounts: {y:.0f}",
        ),
        ("unverified", "verified", -1, "lifecycle", 1.0, 1, "{o:.0%} verified; matched ordinary accounts: {e:.0%}"),
        (
            "own_work",
            "private_work",
            1,
            "work",
            2.0,
            -1,
            "{o:.0%} of their exchanges are on prompts of their own; matched ordinary accounts: {e:.0%}",
        ),
        (
            "long_history",
            "age",
            1,
            "lifecycle",
            1.0,
            -1,
            "accounts are typically {x:.0f} days old; matched ordinary accounts: {y:.0f}",
        ),
    )
    out = []
    for name, feature, direction, evidence, cap, sign, words in table:
        ordinary = baseline.features.get(feature)
        if ordinary is None:
            continue
        found = effect(features.values[feature], cell, label, groups, ordinary, settings.spread_floor)
        # Of members that nothing is known of, nothing is said: a few old accounts among many new ones are no move.
        told = np.clip(2.0 * found.known / np.maximum(size, 1), 0.0, 1.0)
        points = sign * told * graded(direction * found.z, cap * settings.cap_scale)
        out.append(
            Term(
                name,
                evidence,
                found.observed,
                found.expected,
                found.z,
                points,
                _words(words, found.observed, found.expected),
            )
        )
    return out


def _words(text: str, observed: FloatArray, expected: FloatArray) -> Callable[[int], str]:
    def sentence(group: int) -> str:
        one, other = float(observed[group]), float(expected[group])
        return text.format(o=one, e=other, x=2.0**one, y=2.0**other)

    return sentence


def capability(
    features: Features, label: IntArray, groups: int, baseline: Baseline, settings: ScoringSettings
) -> list[Term]:
    """The one capability on which a group stands furthest above matched ordinary accounts."""
    if not features.capabilities:
        return []
    found = capability_effects(features, baseline.capabilities, label, groups, settings)
    z = np.stack([entry[2] for entry in found])
    best = np.argmax(z, axis=0)
    pick = np.arange(groups)
    observed = np.stack([entry[0] for entry in found])[best, pick]
    expected = np.stack([entry[1] for entry in found])[best, pick]
    strongest = z[best, pick]

    def sentence(group: int) -> str:
        name = features.capabilities[int(best[group])]
        return f"{observed[group]:.0%} of exchanges draw on {name}; matched ordinary accounts: {expected[group]:.0%}"

    # The best of several features is large for every group: what counts is how far above other groups' best it is.
    points = graded(strongest - baseline.usual, 2.0 * settings.cap_scale)
    return [Term("one_capability", "taste", observed, expected, strongest, points, sentence)]


def lifecycle(
    features: Features, label: IntArray, groups: int, size: IntArray, settings: ScoringSettings
) -> list[Term]:
    """How accounts went: closed by the provider."""
    out = []
    if features.closed.any():
        member = label >= 0
        closed = np.bincount(label[member & features.closed], minlength=groups)
        rate = float(features.closed.mean())
        share = closed / np.maximum(size, 1)
        z = (share - rate) / np.sqrt(rate * (1 - rate) / np.maximum(size, 1) + settings.spread_floor**2 * rate)

        def ended(group: int) -> str:
            return (
                f"{closed[group]} of the members were closed by the provider ({share[group]:.0%}; everyone: {rate:.1%})"
            )

        points = np.where(closed >= 2, graded(z, 2.0 * settings.cap_scale), 0.0)
        out.append(Term("closed_accounts", "lifecycle", share, np.full(groups, rate), z, points, ended))
    return out
