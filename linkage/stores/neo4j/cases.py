"""Cases as the graph has them: where each stands, what two people decided, and the clusters that it is about.

A store is shared further than a workspace, so only what another person approved is there: a proposal shows as a status,
without its verdict. Notes are free text and names are people's; neither is there. Accounts are surrogate ids.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from linkage.model.verdict import digest_of

if TYPE_CHECKING:
    import pyarrow

    from linkage.model.case import Case

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class CaseRows:
    """Tables of the parts that come from the casework, by name, and ``digest``, which changes with any row of them."""

    tables: Mapping[str, pyarrow.Table]
    digest: str


def case_rows(cases: Iterable[Case]) -> CaseRows:
    """What the graph says of ``cases``; times in microseconds since 1970."""
    import pyarrow as pa

    text, whole = pa.string(), pa.int64()
    columns = {
        "cases": [
            *(("case_id", text), ("status", text), ("opened_at", whole), ("changed_at", whole), ("verdict", text)),
            *(("reasons", pa.list_(text)), ("decided_at", whole), ("expires_at", whole), ("scope_refresh_id", text)),
            *(("scope_cluster_id", text), ("scope_size", whole), ("scope_affected", whole), ("scope_digest", text)),
            ("scope_excluded", pa.list_(whole)),
        ],
        "about": [("case_id", text), ("cluster_id", text)],
    }
    by_id = sorted(cases, key=lambda case: case.case_id)
    rows = {
        "cases": [_row(case) for case in by_id],
        "about": [{"case_id": case.case_id, "cluster_id": cluster} for case in by_id for cluster in case.clusters],
    }
    tables = {name: pa.Table.from_pylist(rows[name], pa.schema(columns[name])) for name in columns}
    return CaseRows(tables, digest_of(rows)[:16])


def _row(case: Case) -> dict[str, Any]:
    row: dict[str, Any] = {
        "case_id": case.case_id,
        "status": str(case.status),
        "opened_at": _micros(case.opened_at),
        "changed_at": _micros(case.changed_at),
    }
    if case.decision is not None:
        proposal = case.decision.proposal
        row |= {
            "verdict": str(proposal.verdict),
            "reasons": list(proposal.reasons),
            "decided_at": _micros(case.decision.approved_at),
            "expires_at": None if proposal.expires_at is None else _micros(proposal.expires_at),
            "scope_refresh_id": proposal.scope.refresh_id,
            "scope_cluster_id": proposal.scope.cluster_id,
            "scope_size": proposal.scope.size,
            "scope_affected": proposal.scope.affected,
            "scope_digest": proposal.scope.digest,
            # No list where nobody is excluded: an import could not tell an empty one from none.
            "scope_excluded": list(proposal.scope.excluded) or None,
        }
    return row


def _micros(at: datetime) -> int:
    return (at - _EPOCH) // timedelta(microseconds=1)
