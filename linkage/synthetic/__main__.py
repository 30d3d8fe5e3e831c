"""``python -m linkage.synthetic SCENARIO --size small --seed 7 --output DIR``."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from linkage.synthetic import SCENARIOS, SIZES, generate


def main(arguments: list[str] | None = None) -> int:
    """Generate a population; the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m linkage.synthetic",
        description="Generate a labelled population in the files of the event contract.",
        epilog="Scenarios: " + "; ".join(f"{name}: {text}" for name, text in SCENARIOS.items()),
    )
    parser.add_argument("scenario", choices=list(SCENARIOS), metavar="SCENARIO")
    parser.add_argument("--size", default="small", help=f"{', '.join(SIZES)}, or a number of accounts (default: small)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--days", type=int, default=90, help="days in the window (default: 90)")
    parser.add_argument("--events", type=int, help="events to expect of the window (default: what goes with the size)")
    parser.add_argument("--output", type=Path, required=True, metavar="DIR")
    parser.add_argument(
        "--knob",
        action="append",
        default=[],
        metavar="NAME=VALUE or NAME=LOW:HIGH",
        help="turn a knob of linkage.synthetic.Knobs; may be repeated",
    )
    options = parser.parse_args(arguments)
    try:
        knobs = dict(_knob(text) for text in options.knob)
        size = int(options.size) if options.size.isdigit() else options.size
        population = generate(
            options.scenario, size, options.seed, options.output, options.days, _progress, knobs, options.events
        )
    except ValueError as fault:
        parser.error(str(fault))
    sys.stdout.write(f"{population.account_count:,} accounts, {population.event_count:,} events\n")
    return 0


def _knob(text: str) -> tuple[str, float | tuple[float, float]]:
    name, _, value = text.partition("=")
    low, colon, high = value.partition(":")
    return (name, (float(low), float(high))) if colon else (name, float(low))


def _progress(done: int, total: int) -> None:
    if sys.stderr.isatty():
        sys.stderr.write(f"\rday {done} of {total}" + ("\n" if done == total else ""))


if __name__ == "__main__":
    raise SystemExit(main())
