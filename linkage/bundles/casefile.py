"""A case as a bundle tells it: the verdict with its dates, and what was done, to whom each of it may be told.

Words that people wrote, and their names, stay in the house: a partner reads that another person approved, and no name.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from linkage.bundles.privacy import coarse
from linkage.bundles.profiles import SMALL, Profile
from linkage.errors import UsageError
from linkage.model.case import SETTLED, Case, CaseAct, Verb
from linkage.model.verdict import AGAINST, Proposal

#: What moves a verdict. Everything else that is done to a case is the house's own.
_TOLD = frozenset({Verb.PROPOSE, Verb.APPROVE, Verb.RETURN, Verb.REOPEN, Verb.CLOSE})


@dataclass(frozen=True, slots=True)
class CaseFile:
    """What a bundle says of ``case``, which somebody proposed a verdict for."""

    case: Case

    @property
    def proposal(self) -> Proposal:
        """The verdict that the bundle is about.

        Raises:
            UsageError: none was proposed.
        """
        found = self.case.latest
        if found is None:
            raise UsageError(
                f"case {self.case.case_id} is {self.case.status}, and no verdict was proposed",
                hint=f"Propose one (`linkage case propose {self.case.case_id}`), or export its cluster.",
            )
        return found

    @property
    def against(self) -> bool:
        """Whether two people decided against the accounts, and nobody has taken it up again."""
        return self.case.status in SETTLED and self.proposal.verdict in AGAINST

    @property
    def cleared(self) -> bool:
        """Whether two people decided that it is no abuse, or that they cannot tell."""
        return self.approver is not None and self.proposal.verdict not in AGAINST

    @property
    def approver(self) -> str | None:
        """Who approved the verdict that the bundle is about; None where nobody has."""
        approved = self._acts()[1]
        return None if approved is None else approved.actor

    def verdict(self, profile: Profile, excluded: Sequence[str]) -> dict[str, Any]:
        """The verdict of finding.json; ``excluded``: names that the bundle has for those whom it is not about."""
        proposal, people = self.proposal, self._people(profile)
        proposed, approved = self._acts()
        scope = proposal.scope
        small = not profile.records and min(scope.affected, len(scope.excluded) or SMALL) < SMALL
        return {
            "case": self.case.case_id,
            "status": str(self.case.status),
            "verdict": str(proposal.verdict),
            "reasons": list(proposal.reasons),
            "members": None if small else scope.affected,
            "excluded": sorted(excluded) if profile.records else None,
            "proposed_at": coarse(profile, proposed.at),
            "proposed_by": people.get(_same(proposed)),
            "approved_at": None if approved is None else coarse(profile, approved.at),
            "approved_by": None if approved is None else people.get(_same(approved)),
            "ends_at": coarse(profile, proposal.expires_at),
        }

    def notes(self, profile: Profile) -> list[dict[str, Any]]:
        """Lines of notes.jsonl, the oldest first."""
        people = self._people(profile)
        lines: list[dict[str, Any]] = []
        for act in self.case.acts:
            line = {
                "revision": act.revision,
                "at": coarse(profile, act.at),
                "act": str(act.verb),
                "by": people.get(_same(act)),
                "said": list(act.said),
            }
            if profile.events:
                lines.append({**line, "note": act.note})
            elif act.verb in _TOLD:
                lines.append(line)
        return lines

    def _acts(self) -> tuple[CaseAct, CaseAct | None]:
        """The act that proposed the verdict, and the one that approved it."""
        waits = self.case.proposal is not None
        last = max(act.revision for act in self.case.acts if act.verb is (Verb.PROPOSE if waits else Verb.APPROVE))
        upto = self.case.acts[:last]
        proposed = next(act for act in reversed(upto) if act.verb is Verb.PROPOSE)
        return proposed, None if waits else upto[-1]

    def _people(self, profile: Profile) -> dict[str, str]:
        """Whoever acted, by what the profile calls them: their name, a number of this bundle, or nothing."""
        if profile.events:
            return {_same(act): act.actor for act in self.case.acts}
        if not profile.records:
            return {}
        told = dict.fromkeys(_same(act) for act in self.case.acts if act.verb in _TOLD)
        return {name: f"person {number}" for number, name in enumerate(told, 1)}


def _same(act: CaseAct) -> str:
    """Who acted, as :func:`linkage.model.case.same_person` compares."""
    return act.actor.strip().casefold()
