"""Several cases at once: what somebody looked at together, to do the same to all of them, or to none."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from linkage.model.case import Case
from linkage.model.verdict import digest_of

#: Cases that are acted on at once at most: one act holds the casework database for all of them.
MOST = 1_000


@dataclass(frozen=True, slots=True)
class Bulk:
    """Cases as they were when somebody looked at them. ``bulk_id`` names the act that was done to them together."""

    cases: tuple[Case, ...]
    bulk_id: str | None = None

    @property
    def digest(self) -> str:
        """What an act on the bulk is of: changes with every case and every act on one."""
        return digest_of(sorted((case.case_id, case.revision) for case in self.cases))

    @property
    def members(self) -> int:
        """Members of the frozen scopes, the excluded included."""
        return sum(case.latest.scope.size for case in self.cases if case.latest is not None)

    @property
    def affected(self) -> int:
        """Members that the verdicts are about, proposed ones before approved ones."""
        return sum(case.latest.scope.affected for case in self.cases if case.latest is not None)

    @property
    def excluded(self) -> int:
        """Members that the verdicts leave out."""
        return self.members - self.affected

    @property
    def verdicts(self) -> Mapping[str, int]:
        """Verdict → cases, the most frequent first."""
        found = Counter(str(case.latest.verdict) for case in self.cases if case.latest is not None)
        return dict(sorted(found.items(), key=lambda item: (-item[1], item[0])))
