"""Seeded, labelled populations: ordinary people, benign look-alikes and named campaigns, in the event contract's files.

>>> from linkage.synthetic import generate
>>> population = generate("mixed", "small", seed=7, out=Path("population"))  # doctest: +SKIP
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from linkage.synthetic.knobs import Knobs
    from linkage.synthetic.population import Population, generate
    from linkage.synthetic.scenarios import SCENARIOS, SIZES

__all__ = ["SCENARIOS", "SIZES", "Knobs", "Population", "generate"]

_HOMES = {
    "SCENARIOS": "scenarios",
    "SIZES": "scenarios",
    "Knobs": "knobs",
    "Population": "population",
    "generate": "population",
}


def __getattr__(name: str) -> Any:
    """Load the generator when it is asked for: numpy and pyarrow stay out of ``import linkage``."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
