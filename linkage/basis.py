"""Whether a refresh takes over what was estimated before: the null, as long as little has changed since it was fitted.

The search on the data is always done anew, and so trust, links, members and every term of abuse are those of a full
refresh. The search of rewired copies, most of the work, says how tight chance alone makes a group; that is a property
of the population, and a day more of it says next to nothing new. So a full refresh, after ``refresh.full_every`` or as
soon as the window's sightings have changed by ``refresh.full_change``, fits the null, and those in between judge by it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from linkage.model.run import Basis

if TYPE_CHECKING:
    from linkage.config import RefreshSettings


def chosen(fresh: Basis, before: Basis | None, settings: RefreshSettings) -> Basis:
    """The basis ``before``, that of the parent, where a refresh may rest on it as well; else ``fresh``, its own."""
    if (
        before is not None
        and before.conditions == fresh.conditions
        and before.as_of <= fresh.as_of < before.as_of + settings.full_after
        and abs(fresh.sightings - before.sightings) <= settings.full_change * before.sightings
    ):
        return before
    return fresh
