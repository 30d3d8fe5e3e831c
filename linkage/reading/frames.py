"""The lists of the contract as Arrow tables: clusters, members, lineage."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from linkage.errors import UsageError
from linkage.reading.source import Questions

if TYPE_CHECKING:
    import pyarrow


def clusters(questions: Questions, case_status: Mapping[str, str]) -> pyarrow.Table:
    """Clusters, highest score first, with the status of the case of each (by cluster id). Reads: clusters."""
    ids, statuses = list(case_status), list(case_status.values())
    return questions.table("clusters", {"refresh_id": questions.refresh_id, "cases": ids, "statuses": statuses})


def members(questions: Questions, cluster: str | None) -> pyarrow.Table:
    """Members of ``cluster``, or of all: clusters by rank, surest members first. Reads: members, clusters.

    Raises:
        UsageError: there is no such cluster in the snapshot.
    """
    if cluster is not None:
        require_cluster(questions, cluster)
    return questions.table("members", {"refresh_id": questions.refresh_id, "cluster": cluster})


def lineage(questions: Questions) -> pyarrow.Table:
    """How the clusters of the refresh follow from its parent. Reads: lineage."""
    return questions.table("lineage", {"refresh_id": questions.refresh_id})


def require_cluster(questions: Questions, cluster: str) -> dict[str, object]:
    """The row of ``cluster``, with its rank and the number of clusters. Reads: clusters.

    Raises:
        UsageError: there is no such cluster in the snapshot.
    """
    rows = questions.rows("cluster", {"cluster": cluster})
    if not rows:
        raise UsageError(
            f"there is no such cluster at refresh {questions.refresh_id}",
            hint="`linkage clusters` lists them; `linkage lineage` says what became of earlier ones.",
        )
    return rows[0]


def surrogate_of(questions: Questions, account: str) -> int:
    """Surrogate id of an account given by name, or as ``purged:<id>``.

    Raises:
        UsageError: the workspace never saw it.
    """
    prefix, _, number = account.partition(":")
    if prefix == "purged" and number.isdecimal() and len(number) < 19:
        return int(number)
    rows = questions.rows("account", {"value": account})
    if not rows:
        raise UsageError(
            "the workspace has seen no such account", hint="`linkage lookup` searches every kind of identifier."
        )
    return int(rows[0]["id"])
