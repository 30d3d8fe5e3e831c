"""A population of which some are in step, as events in a file, and what was put into it."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from linkage import Workspace
from tests.lib.lakes import csv_file
from tests.lib.screen_world import HOSTILE

FIRST = datetime(2026, 3, 1, tzinfo=UTC)
DAYS, SLOTS = 40, 144
#: People, and how many accounts of a ring there are beside them.
PEOPLE, RING = 600, 44
#: A slot in which ring-01 begins: the last of the sixth day, so that its session goes on into the seventh.
LATE = 6 * SLOTS - 1
#: The models of the file of releases, and when they came.
RELEASES = {"model-a": FIRST + timedelta(days=10, hours=15), "model-b": FIRST + timedelta(days=45)}


@dataclass(frozen=True)
class World:
    """A workspace, refreshed; ``begins``: account → slots (counted from FIRST) in which it begins, rising."""

    workspace: Workspace
    cluster: str
    begins: Mapping[str, tuple[int, ...]]

    @property
    def ring(self) -> list[str]:
        """Accounts that keep the schedule."""
        return [name for name in self.begins if not name.startswith("person")]


def slot_of(moment: datetime) -> int:
    """The slot that a time lies in, counted from FIRST."""
    return (moment - FIRST) // timedelta(minutes=10)


def built(factory: pytest.TempPathFactory) -> World:
    """The population, refreshed over all of it; made once a session, and only to be read."""
    return _built(factory.getbasetemp())


@functools.cache
def _built(base: Path) -> World:
    root = base / "lanes-world"
    root.mkdir()
    return build(root)


def build(root: Path) -> World:
    """Take the population in, and refresh: the cluster is the one that holds most of the ring."""
    random = np.random.default_rng(8)
    rounds = np.sort(random.choice(DAYS * SLOTS, 60, replace=False))
    begins: dict[str, set[int]] = {}
    for number in range(PEOPLE):
        begins[f"person-{number:03}"] = _own(random)
    for number in range(RING):
        name = f"ring-{number:02} {HOSTILE}" if number == 0 else f"ring-{number:02}"
        begins[name] = _own(random) | set(rounds[random.random(len(rounds)) < 0.7].tolist())
    begins["ring-01"] = {slot for slot in begins["ring-01"] if abs(slot - LATE) > 2} | {LATE}
    lines = []
    for number, (name, slots) in enumerate(begins.items()):
        address = f"10.{number // 250}.{number % 250}.7"
        # What makes a cluster of them besides: each pays with two cards, and so do some of the others.
        cards = [f"card-{number}"] if number < PEOPLE else [f"shared-{number % 11}", f"shared-{number % 13}"]
        for turn, slot in enumerate(sorted(slots)):
            # A session of several events: some go on into the next slot, which is no moment.
            for minute in (1, 4, 12):
                at = FIRST + timedelta(minutes=10 * slot + minute)
                lines.append(f'{at:%Y-%m-%dT%H:%M:%SZ},"{name}",{address},{cards[turn % len(cards)]}')
    events = csv_file(root / "events.csv", "event_time,account_id,ip_address,payment_instrument", *lines)
    releases = csv_file(
        root / "releases.csv", "model,released_at", *(f"{name},{at.isoformat()}" for name, at in RELEASES.items())
    )
    workspace = Workspace(root / "workspace")
    report = workspace.ingest(events, model_releases=releases)
    assert report.accepted == report.read == len(lines)
    workspace.refresh(window="all")
    members = workspace.members()
    cluster = members[members["account_id"].str.startswith("ring")]["cluster_id"].mode()[0]
    return World(workspace, str(cluster), {name: _moments(slots) for name, slots in begins.items()})


def _own(random: np.random.Generator) -> set[int]:
    """Slots of somebody who begins once on two days of three, around a time of day that is their own."""
    usual = random.integers(40, 130)
    days = np.flatnonzero(random.random(DAYS) < 0.66)
    slots = np.clip(random.normal(usual, 15, len(days)).astype(int), 0, SLOTS - 2)
    return {int(day) * SLOTS + int(slot) for day, slot in zip(days, slots, strict=True)}


def _moments(slots: set[int]) -> tuple[int, ...]:
    """Slots in which sessions begin that each go on into the slot after."""
    active = {slot + more for slot in slots for more in (0, 1)}
    return tuple(sorted(slot for slot in active if slot - 1 not in active))
