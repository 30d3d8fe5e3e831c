"""The main path of the generator: world, people, look-alikes, campaigns, files."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from linkage.synthetic import lookalikes, people, scenarios, world, write
from linkage.synthetic.days import Keys
from linkage.synthetic.draft import Draft
from linkage.synthetic.infrastructure import Providers
from linkage.synthetic.knobs import Knobs, Range
from linkage.synthetic.plan import Plan, finish


@dataclass(frozen=True, slots=True)
class Population:
    """Where the files of a generated population lie, and how much is in them."""

    events: Path
    accounts: Path
    address_ranges: Path
    model_releases: Path
    truth: Path
    #: What each campaign drew, for people who study a population.
    notes: Path
    account_count: int
    event_count: int


def generate(
    scenario: str,
    size: str | int,
    seed: int,
    out: Path,
    days: int = 90,
    progress: Callable[[int, int], None] | None = None,
    knobs: Mapping[str, float | Range] | None = None,
    events: int | None = None,
) -> Population:
    """Generate a labelled population into ``out``: the same files for the same arguments.

    ``size`` is a name of :data:`~linkage.synthetic.scenarios.SIZES` or a number of accounts (at least 300); ``days``
    the length of the window, at least 14; ``knobs`` replaces ranges of :class:`~linkage.synthetic.knobs.Knobs`;
    ``progress`` is called with (days done, days). ``events`` is how many to expect of the whole window, by default what
    goes with the size: campaigns keep the rates that they drew, and everybody else makes up the rest, but never less
    than a third of it. Memory grows with accounts, not with events.

    The same machine writes the same files to the byte. Processors differ in the last bit of an exponential or a
    logarithm; on another one a row can differ only where a drawn number lies within that bit of a bound, such as the
    next microsecond. Notes are rounded so that they do not show it.

    Raises:
        ValueError: the scenario, size or a knob is unknown or out of range.
    """
    plan, keys, seeds = build(scenario, size, seed, days, knobs, events)
    out.mkdir(parents=True, exist_ok=True)
    population = Population(
        events=out / "events",
        accounts=out / "accounts.parquet",
        address_ranges=out / "address_ranges.csv",
        model_releases=out / "model_releases.csv",
        truth=out / "truth.csv",
        notes=out / "campaigns.json",
        account_count=plan.accounts,
        event_count=0,
    )
    write.write_accounts(plan, keys, np.random.default_rng(seeds[0]), population.accounts)
    write.write_truth(plan, keys, np.random.default_rng(seeds[1]), population.truth)
    write.write_address_ranges(plan, population.address_ranges)
    write.write_model_releases(plan, population.model_releases)
    write.write_notes(plan, keys, population.notes)
    written = write.write_events(plan, keys, seeds[2:], population.events, progress)
    return Population(
        population.events,
        population.accounts,
        population.address_ranges,
        population.model_releases,
        population.truth,
        population.notes,
        plan.accounts,
        written,
    )


def build(
    scenario: str,
    size: str | int,
    seed: int,
    days: int = 90,
    knobs: Mapping[str, float | Range] | None = None,
    events: int | None = None,
) -> tuple[Plan, Keys, list[np.random.SeedSequence]]:
    """The population as a plan, its hash keys, and seeds for the two tables and for every day."""
    if scenario not in scenarios.SCENARIOS:
        raise ValueError(f"no scenario {scenario!r}; scenarios are {', '.join(scenarios.SCENARIOS)}")
    if isinstance(size, str):
        if size not in scenarios.SIZES:
            raise ValueError(f"no size {size!r}; sizes are {', '.join(scenarios.SIZES)}, or a number of accounts")
        accounts, usual = scenarios.SIZES[size].accounts, scenarios.SIZES[size].events
    else:
        accounts, usual = size, size * 55
    if accounts < 300 or days < 14:
        raise ValueError("a population has at least 300 accounts and 14 days")
    if events is not None and events < accounts:
        raise ValueError("a population has at least an event an account")
    turned = dict(knobs or {})
    settings = Knobs().turned(turned)
    of_draft, of_keys, *seeds = np.random.SeedSequence(seed).spawn(4 + days)
    rng = np.random.default_rng(of_draft)
    draft = Draft(rng, world.build(rng, accounts, days), accounts, days)
    people.fill(draft)
    lookalikes.fill(draft, settings.draw(rng, "look_alikes"))
    providers = Providers(draft)
    scenarios.add_campaigns(draft, providers, scenario, settings, turned)
    # There are sellers of proxies that no campaign uses, too.
    for _ in range(3):
        providers.pool(max(8, int(accounts * rng.uniform(0.01, 0.04))))
    providers.customers(settings.draw(rng, "proxy_customers"))
    return (
        finish(draft, usual * days // 90 if events is None else events),
        Keys.draw(np.random.default_rng(of_keys)),
        seeds,
    )
