"""What the methods are given that stand beside linkage in an evaluation: the same accounts, identifiers and times."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from linkage.evaluation import Actions, Edges
    from linkage.workspace.home import Home


def edges_of(home: Home, refresh: str | None) -> Edges:
    """The snapshot's sightings, without what linkage derived itself, and whence to read the actions of its window.

    Raises:
        NoSnapshot: nothing was refreshed yet, or the refresh is not kept.
    """
    import numpy
    import pyarrow
    import pyarrow.compute

    from linkage.evaluation import Actions, Edges
    from linkage.reading import actions
    from linkage.reading.source import ask

    snapshot = home.snapshot(refresh)
    accounts = snapshot.table("accounts")
    sightings = snapshot.table("sightings")
    # Schedules are linkage's own finding: identifiers below 0.
    sightings = sightings.filter(pyarrow.compute.greater_equal(sightings["identifier"], 0))
    surrogates = accounts["account"].to_numpy()
    order = numpy.argsort(surrogates, kind="stable")
    with ask(None, home.identities(), home.settings.engine, ()) as questions:
        rows = questions.rows("names", {"ids": surrogates.tolist()})
    names = {row["id"]: str(row["value"]) for row in rows}
    identifiers, numbered = numpy.unique(sightings["identifier"].to_numpy(), return_inverse=True)
    source = actions.Source(
        snapshot.run, home.lake_files, home.settings.engine, pyarrow.array(surrogates), pyarrow.array(identifiers)
    )
    first, last = snapshot.run.window_first, snapshot.run.window_last
    aggregated = sum(1 for day in home.lake.view().aggregated_days() if first <= day <= last)

    def acted(kind: str | None) -> Actions:
        found = actions.at_all(source) if kind is None else actions.by_identifier(source, kind)
        account, slot = found["account"].to_numpy(), found["slot"].to_numpy()
        if kind is None:
            return Actions(account, slot, numpy.zeros(len(slot), numpy.int64))
        return Actions(account, slot, found["identifier"].to_numpy(), aggregated)

    return Edges(
        accounts=tuple(names.get(int(account), f"purged:{account}") for account in surrogates),
        account=order[numpy.searchsorted(surrogates[order], sightings["account"].to_numpy())],
        identifier=numbered.astype(numpy.int64),
        kind=numpy.asarray(sightings["kind"].to_pylist(), dtype=object),
        events=accounts["events"].to_numpy().astype(numpy.float64),
        uses=sightings["events"].to_numpy().astype(numpy.float64),
        actions=acted,
    )
