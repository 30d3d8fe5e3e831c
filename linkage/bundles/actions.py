"""The action list: accounts to suspend, each with the reason and what it rests on. A person decides."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from linkage import engine
from linkage.bundles import tables as describe
from linkage.bundles.casefile import CaseFile
from linkage.errors import UsageError
from linkage.model.rows import rows_of

if TYPE_CHECKING:
    import pyarrow

    from linkage.config import EngineSettings
    from linkage.stores.snapshots import Snapshot

#: Membership from which an account of a flagged cluster is proposed for suspension, as for being flagged.
_FLAGGED = 0.5


def actions(
    members: Iterable[Mapping[str, Any]],
    cluster: Mapping[str, Any],
    case: CaseFile | None,
    excluded: Sequence[str],
    where: str,
) -> pyarrow.Table:
    """Accounts to suspend: the surer half of a flagged cluster's memberships, each with the row that it rests on.

    Where there is a case, its verdict says whether and whom, instead of the flag. ``members``: rows, the surest first;
    ``where``: what these are rows of.
    """
    import pyarrow

    suspends = bool(cluster["flagged"]) if case is None else case.against
    chosen = [
        {
            "account_id": row["account_id"],
            "action": "suspend",
            "membership": row["membership"],
            "reason": f"member of {cluster['cluster_id']}: {row['reasons']}",
            "evidence": f"{where}, row {number}",
        }
        for number, row in enumerate(members, 1)
        if suspends and row["membership"] >= _FLAGGED and row["account_id"] not in excluded
    ]
    types = [pyarrow.float64() if name == "membership" else pyarrow.string() for name in describe.ACTIONS.names]
    return pyarrow.Table.from_pylist(
        chosen, schema=pyarrow.schema(list(zip(describe.ACTIONS.names, types, strict=True)))
    )


def of_snapshot(
    snapshot: Snapshot, identities: Sequence[Path], settings: EngineSettings, cluster: str, case: CaseFile | None
) -> pyarrow.Table:
    """The action list of a cluster by itself, as a bundle of it would have it; purged accounts are left out.

    Raises:
        UsageError: there is no such cluster.
    """
    found = [row for row in rows_of(snapshot.table("clusters")) if row["cluster_id"] == cluster]
    if not found:
        raise UsageError(f"there is no such cluster at refresh {snapshot.refresh_id}")
    with engine.connect(memory_limit=settings.memory_limit, threads=settings.threads) as connection:
        for name in ("members", "accounts", "account_bits"):
            connection.read_parquet(
                [str(snapshot.path(name))], hive_partitioning=False, file_row_number=True
            ).create_view(f"snapshot_{name}")
        members = list(rows_of(engine.arrow(connection, "linkage.bundles", "members", {"cluster": cluster})))
        connection.read_parquet([str(path) for path in identities], hive_partitioning=False).create_view("identities")
        names = engine.arrow(connection, "linkage.reading", "names", {"ids": [row["account"] for row in members]})
    known = dict(zip(names["id"].to_pylist(), names["value"].to_pylist(), strict=True))
    excluded = () if case is None else case.proposal.scope.excluded
    listed = [{**row, "account_id": known.get(row["account"])} for row in members]
    return actions(
        # A row keeps its number, whoever is left out.
        ({**row, "membership": 0.0 if row["account_id"] is None else row["membership"]} for row in listed),
        found[0],
        case,
        [known[number] for number in excluded if number in known],
        f"members of {cluster} at {snapshot.refresh_id}",
    )
