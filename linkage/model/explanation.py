"""Why: the explanation of a cluster, an account or a pair, as sections with rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

#: How the sentence begins that says why a cluster is no flag though its points reach the bar.
NO_FLAG = "no flag: "


@dataclass(frozen=True, slots=True)
class Section:
    """One part of an explanation: a title, sentences, and rows that share their keys.

    ``total`` is how many rows there are; fewer stand in ``rows`` where a limit was asked for.
    """

    name: str
    title: str
    sentences: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()
    rows: tuple[Mapping[str, Any], ...] = ()
    total: int = 0

    @property
    def left_out(self) -> int:
        """Rows that a limit kept out."""
        return self.total - len(self.rows)


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why a cluster is one, an account is in it, or two accounts are linked; at one refresh.

    ``subject`` says what is explained: {"cluster": id}, {"account": id} or {"pair": [id, id]}. ``facts`` are single
    figures; ``masked`` says whether identifier values are hidden.
    """

    subject: Mapping[str, Any]
    refresh_id: str
    masked: bool
    facts: Mapping[str, Any]
    sections: tuple[Section, ...]

    def section(self, name: str) -> Section:
        """The section of that name.

        Raises:
            KeyError: there is none.
        """
        for section in self.sections:
            if section.name == name:
                return section
        raise KeyError(name)

    def to_dict(self) -> dict[str, Any]:
        """Everything as mappings and lists; times stay datetimes."""
        return {
            "subject": dict(self.subject),
            "refresh_id": self.refresh_id,
            "masked": self.masked,
            **dict(self.facts),
            "sections": {
                section.name: {
                    "title": section.title,
                    "sentences": list(section.sentences),
                    "rows": [dict(row) for row in section.rows],
                    "total": section.total,
                    "left_out": section.left_out,
                }
                for section in self.sections
            },
        }
