"""``python -m benchmarks``: speed, memory and detection at a size that takes minutes."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from benchmarks import detection, performance, results
from linkage.synthetic import SCENARIOS


def main(arguments: list[str] | None = None) -> int:
    """Both benchmarks on made-up populations; the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description="Speed, memory and detection on made-up populations. Each benchmark is also a command of its own: "
        "benchmarks.performance, benchmarks.detection, benchmarks.real_data.",
    )
    parser.add_argument("scenarios", nargs="*", metavar="SCENARIO", help=f"of {', '.join(SCENARIOS)} (default: all)")
    parser.add_argument("--size", default="5000", help="accounts, or small, medium, large (default: 5000)")
    parser.add_argument("--seed", type=int, default=101)
    parser.add_argument("--results", type=Path, default=results.RESULTS)
    options = parser.parse_args(arguments)
    common = ["--size", options.size, "--results", str(options.results)]
    performance.main([*common, "--seed", str(options.seed)])
    print()
    return detection.main([*options.scenarios, *common, "--seeds", str(options.seed)])


if __name__ == "__main__":
    sys.exit(main())
