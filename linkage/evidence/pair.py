"""What ties two accounts, as a waterfall in bits: the formula of the links, spelled out for people."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from linkage.config import EvidenceSettings


@dataclass(frozen=True, slots=True)
class SharedIdentifier:
    """An identifier that two accounts share. ``bits``: what sharing it is worth alone."""

    kind: str
    identifier: int
    degree: int
    trust: float
    bits: float
    overlapping: bool = True


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the waterfall."""

    label: str
    kind: str
    identifier: int | None
    bits: float


def pair_bits(shared: Sequence[SharedIdentifier], settings: EvidenceSettings | None = None) -> list[Step]:
    """Steps whose bits sum to the pair's evidence, as :func:`linkage.evidence.kernels.pair_evidence` counts it.

    The strongest identifier counts whole. Every other one counts as far as it is trusted (√θ), and beside a stronger
    one of its kind at the kind's discount. A network identifier that the two used at different times counts nothing:
    addresses are reassigned.
    """
    settings = settings or EvidenceSettings()
    steps: list[Step] = []
    led: set[str] = set()
    whole = True
    for item in sorted(shared, key=lambda item: (-item.bits, item.kind, item.identifier)):
        prior = settings.prior_of(item.kind)
        if item.bits <= 0.0:
            steps.append(Step("shared, and worth nothing", item.kind, item.identifier, 0.0))
            continue
        steps.append(Step("shared", item.kind, item.identifier, item.bits))
        if prior.network and not item.overlapping:
            steps.append(Step("used at different times", item.kind, item.identifier, -item.bits))
            continue
        counts = item.bits if whole else item.bits * math.sqrt(item.trust)
        if not whole:
            steps.append(Step("beside stronger evidence", item.kind, item.identifier, counts - item.bits))
        if item.kind in led:
            less = -(1.0 - prior.discount) * counts
            steps.append(Step("further one of its kind", item.kind, item.identifier, less))
        led.add(item.kind)
        whole = False
    return steps
