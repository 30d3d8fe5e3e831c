"""What a workspace answers about when accounts of a cluster begin to work."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from datetime import date
from typing import TYPE_CHECKING

from linkage.errors import UsageError
from linkage.model.lanes import MOST_LANES

if TYPE_CHECKING:
    import pandas

    from linkage.model.lanes import Lanes
    from linkage.stores.snapshots import Snapshot
    from linkage.workspace.home import Home


class LaneQuestions:
    """The part of a Workspace that sets accounts side by side in time."""

    _home: Home
    names: Callable[[Sequence[int]], dict[int, str]]

    def lanes(
        self,
        cluster: str,
        *,
        accounts: Collection[int | str] | None = None,
        first: date | None = None,
        last: date | None = None,
        skip: int = 0,
        limit: int = MOST_LANES,
        refresh: str | None = None,
    ) -> Lanes:
        """When members of ``cluster`` begin to work, a lane each, and which of these moments fall in crowds.

        ``accounts``: members, by surrogate id or by name; None for all. Who has most moments in crowds comes first,
        then the surest; ``limit`` (40 at most) of them, after the first ``skip``. The days are those from ``first`` to
        ``last``, at most seven in a row: of more, those with most moments in crowds.

        Raises:
            UsageError: there is no such cluster, an account is no member, a limit is out of range, or no day asked for
                is in the window.
            NoSnapshot: nothing was refreshed yet, or the refresh is not kept.
        """
        from linkage.reading import lanes

        snapshot = self._home.snapshot(refresh)
        numbers = None if accounts is None else self._numbers(snapshot, cluster, accounts)
        events = lanes.Events(
            self._home.lake_files,
            frozenset(self._home.lake.view().days()),
            self._home.settings.engine,
        )
        asked = lanes.Asked(numbers, first, last, skip, limit)
        return lanes.lanes(snapshot, cluster, asked, events, self.names)

    def crowds(self, cluster: str, refresh: str | None = None) -> pandas.DataFrame:
        """Moments at which accounts of the schedules of ``cluster`` are a crowd, over the whole window of the refresh.

        Columns: ``identifier`` of the schedule, ``moment`` (UTC, begin of the ten minutes), ``accounts`` that began,
        and ``expected`` ones.

        Raises:
            UsageError: there is no such cluster.
            NoSnapshot: nothing was refreshed yet, or the refresh is not kept.
        """
        from linkage.reading import lanes

        return lanes.crowds(self._home.snapshot(refresh), cluster)

    def _numbers(self, snapshot: Snapshot, cluster: str, accounts: Collection[int | str]) -> set[int]:
        """Surrogate ids of accounts that are given by that, or by name."""
        import pyarrow.compute as compute

        found = {account for account in accounts if isinstance(account, int)}
        wanted = {account for account in accounts if isinstance(account, str)}
        if wanted:
            members = snapshot.table("members")
            own = members.filter(compute.equal(members["cluster_id"], cluster))["account"].to_pylist()
            named = {name: number for number, name in self.names(own).items()}
            if wanted - named.keys():
                raise UsageError("an account that lanes are asked for is no member of this cluster")
            found |= {named[name] for name in wanted}
        return found
