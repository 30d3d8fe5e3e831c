"""What everyone else shows, as far as the terms of a group depend on it: enough to score a group without the others."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from linkage.scoring.effects import Expected, effect, expected, matched_cells
from linkage.scoring.likeness import handed_out, requests
from linkage.scoring.likeness import spread_of_everybody as sizes_of_everybody
from linkage.scoring.organizations import Firms
from linkage.scoring.structure import ENOUGH, sharing, usual
from linkage.scoring.volume import spread_of_everybody

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from linkage.config import ScoringSettings
    from linkage.evidence.incidence import Incidence
    from linkage.scoring.features import Features
    from linkage.scoring.structure import Sharing, Usual
    from linkage.scoring.term import FloatArray, IntArray

#: Strongest capability of a group, z, that counts as usual where there are too few groups to tell.
_USUAL = 0.5


@dataclass(frozen=True, slots=True)
class Baseline:
    """What groups are compared with.

    ``features``: by name, those that the input tells of any account; ``capabilities``: by name. ``usual``: z of the
    strongest capability that other groups show. ``varied``: how varied own templates are among groups, log2 of their
    number in equal use; ``alike``: how alike their requests are, −log2 of the spread, ``handed``: those from
    prompts of their own only. None where too few groups tell.
    ``firms``: what everybody's organizations and mail domains are known by.
    ``volume``: :func:`linkage.scoring.volume.spread_of_everybody`; ``sizes``: that of :mod:`linkage.scoring.likeness`.
    """

    features: Mapping[str, Expected]
    capabilities: Mapping[str, Expected]
    usual: float
    varied: Usual | None
    alike: Usual | None
    handed: Usual | None
    volume: float | None
    sizes: float | None
    firms: Firms


def measure(
    incidence: Incidence, features: Features, label: IntArray, groups: int, settings: ScoringSettings
) -> Baseline:
    """Measure what the accounts of no group, or of a small one, show, and how groups differ from each other.

    ``label`` (N): group of each account, −1 for none.
    """
    size = np.bincount(label[label >= 0], minlength=groups)
    ordinary = label < 0
    if groups:
        ordinary |= size[np.maximum(label, 0)] < settings.ordinary_below
    cell = matched_cells(features)
    told = {name: value for name, value in features.values.items() if np.isfinite(value).any()}
    capabilities = {
        name: expected(features.capability[:, at], cell, label, groups, ordinary)
        for at, name in enumerate(features.capabilities)
    }
    templates = sharing(incidence, label, groups, features.events, ("prompt_template",), settings.exclusive_share)
    alike, handed = requests(features, label, groups), handed_out(incidence, features, templates, label, groups)
    return Baseline(
        features={name: expected(value, cell, label, groups, ordinary) for name, value in told.items()},
        capabilities=capabilities,
        usual=_usual(features, capabilities, label, groups, settings),
        varied=usual(varied(templates), judged_by_templates(templates, size)),
        alike=usual(alike.alike, alike.judged),
        handed=usual(handed.alike, handed.judged),
        volume=spread_of_everybody(features),
        sizes=sizes_of_everybody(features),
        firms=Firms.of(incidence, features, settings.exclusive_share),
    )


def capability_effects(
    features: Features, capabilities: Mapping[str, Expected], label: IntArray, groups: int, settings: ScoringSettings
) -> list[tuple[FloatArray, FloatArray, FloatArray]]:
    """Observed, expected and z of every group on each capability, in the order of ``features.capabilities``."""
    cell = matched_cells(features)
    found = [
        effect(features.capability[:, at], cell, label, groups, capabilities[name], settings.spread_floor)
        for at, name in enumerate(features.capabilities)
    ]
    return [(entry.observed, entry.expected, entry.z) for entry in found]


def varied(templates: Sharing) -> FloatArray:
    """How varied the templates of a group's own are (K), log2 of their number in equal use."""
    return np.asarray(np.log2(np.maximum(templates.effective, 1.0)))


def judged_by_templates(templates: Sharing, size: IntArray) -> NDArray[np.bool_]:
    """Groups (K) whose own templates say something."""
    return (size >= 8) & (templates.exclusive > 0)


def _usual(
    features: Features, capabilities: Mapping[str, Expected], label: IntArray, groups: int, settings: ScoringSettings
) -> float:
    if not capabilities or not groups:
        return _USUAL
    found = capability_effects(features, capabilities, label, groups, settings)
    strongest = np.max(np.stack([z for _observed, _expected, z in found]), axis=0)
    positive = strongest[strongest > 0]
    return float(np.median(positive)) if len(positive) >= ENOUGH else _USUAL
