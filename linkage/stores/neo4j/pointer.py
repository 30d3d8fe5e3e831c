"""What (:Current) says: whose graph a database holds, which refresh readers get, and what is under way."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from linkage.errors import StoreUnavailable
from linkage.stores.neo4j.graph import MODEL

if TYPE_CHECKING:
    from linkage.stores.neo4j.connection import Transaction


@dataclass(frozen=True, slots=True)
class Served:
    """What (:Current) says. Generation 0 shows nothing. ``casework``: digest of the cases that are shown."""

    generation: int
    refresh_id: str | None
    casework: str | None
    publishing: str | None
    plan: str | None
    row: int


def look(transaction: Transaction, workspace: str) -> Served | None:
    """What (:Current) says to ``workspace``; None in an empty database.

    Raises:
        StoreUnavailable: the database holds another graph, that of another workspace, or one of another model.
    """
    row = transaction.run("look")[0]
    if row["foreign"]:
        raise StoreUnavailable(
            "the database holds something that linkage did not publish", hint="Give linkage a database of its own."
        )
    if row["workspace"] is None:
        return None
    if row["workspace"] != workspace:
        raise StoreUnavailable(
            "the database holds the graph of another workspace",
            hint="Publish from that workspace, or give this one a database of its own.",
        )
    if row["model"] != MODEL:
        raise StoreUnavailable(
            f"the database holds model {row['model']} of the graph, and this linkage writes {MODEL}",
            hint="Empty the database, and publish again.",
        )
    return Served(
        row["generation"], row["refresh_id"], row["casework"], row["publishing"], row["plan"], row["row"] or 0
    )
