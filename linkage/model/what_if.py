"""What would be left of a cluster if some of what its accounts share did not count."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class WhatIf:
    """``members`` of a cluster, ``stay`` of them (surrogate ids) tied without ``dropped`` of its ``identifiers``.

    ``parts``: sizes of the groups into which those who stay fall, as far as they still share an identifier, largest
    first; ``part_of``: account → number of its part, from 1; ``alone`` share none with another. ``bits_before`` and
    ``bits_after``: mean bits, over all members, that tie one to the others. ``networks``: network → addresses in it.
    """

    refresh_id: str
    cluster_id: str
    members: int
    identifiers: int
    dropped: int
    stay: tuple[int, ...]
    leave: tuple[int, ...]
    parts: tuple[int, ...]
    alone: int
    bits_before: float
    bits_after: float
    networks: Mapping[str, int] = field(default_factory=dict)
    part_of: Mapping[int, int] = field(default_factory=dict, repr=False)

    def __str__(self) -> str:
        gone = f"{len(self.leave):,} of {self.members:,} accounts leave ({100 * len(self.leave) / self.members:.0f} %)"
        if not self.stay:
            return f"Nothing is left: all {self.members:,} accounts leave."
        if not self.dropped and not self.leave:
            return f"All {self.members:,} accounts stay."
        left = f"{len(self.stay):,} stay"
        if len(self.parts) > 1:
            left += f" and fall into {len(self.parts):,} parts of {', '.join(f'{size:,}' for size in self.parts[:5])}"
            left += " …" if len(self.parts) > 5 else ""
        elif self.parts and not self.alone:
            left += ", in one part"
        if self.alone:
            left += f"; {self.alone:,} of them alone"
        return f"{gone}; {left}."
