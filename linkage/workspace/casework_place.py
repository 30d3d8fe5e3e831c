"""Which database holds the casework of a workspace, and its move there."""

from __future__ import annotations

import os
from datetime import datetime
from typing import TYPE_CHECKING

from linkage.errors import ConfigurationError, TryAgain
from linkage.stores import lock
from linkage.stores.casework import Casework
from linkage.stores.casework_move import bring, move
from linkage.stores.files import create_once, sync_file, sync_folder

if TYPE_CHECKING:
    from linkage.stores.layout import Layout
    from linkage.workspace.home import Home


def place(home: Home) -> Casework:
    """The casework database that environment and settings name, whether or not it was made yet.

    Raises:
        ConfigurationError: they are wrong, or the casework is not where they say.
    """
    server = _server(home)
    if server is None:
        if home.layout.casework_elsewhere.exists():
            raise ConfigurationError(
                "the casework of this workspace is in PostgreSQL, and nothing says where",
                hint="Set LINKAGE_CASEWORK_URL, or url under [casework] in linkage.toml.",
            )
        return Casework(home.layout.casework)
    if home.layout.casework.exists():
        raise ConfigurationError(
            f"the settings name PostgreSQL, and the casework is in {home.layout.casework.name}",
            hint="Stop the screen and the schedule, make a backup without that setting, then run "
            "`linkage doctor --migrate`: it moves the casework.",
        )
    return server


def to_read(home: Home) -> Casework | None:
    """The same, where it was made.

    Raises:
        ConfigurationError: as ``place``, or it needs a migration, or was written by a newer linkage.
    """
    casework = place(home)
    if casework.ready():
        return casework
    _check_not_lost(home, casework)
    return None


def to_write(home: Home, now: datetime) -> Casework:
    """The same, made where there is none.

    Raises:
        ConfigurationError: as ``to_read``.
    """
    casework = place(home)
    if not casework.ready():
        _check_not_lost(home, casework)
        casework.migrate(now)
    if casework.name != home.layout.casework.name:
        _mark(home.layout)
    return casework


def _check_not_lost(home: Home, casework: Casework) -> None:
    """In another database, by a slip in its address, the casework would begin anew, and the old one be out of sight."""
    if home.layout.casework_elsewhere.exists():
        raise ConfigurationError(
            f"there is no {casework.name}, and the casework of this workspace was made in a server",
            hint="Check the database in the address. Where the casework is lost, restore a backup into an empty "
            "workspace, or remove the file CASEWORK to begin anew.",
        )


def settle(home: Home, now: datetime) -> Casework | None:
    """Move casework.sqlite to the server that is named; returns that, or None where there is nothing to move.

    Raises:
        ConfigurationError: the server holds other casework of this workspace.
        TryAgain: somebody writes.
    """
    layout, server = home.layout, _server(home)
    if server is None or not layout.casework.exists():
        return None
    try:
        with lock.hold(layout.write_lock):
            kept = layout.root / f"casework.moved-{now:%Y%m%dT%H%M%SZ}.sqlite"
            file = Casework(layout.casework)
            file.migrate(now)
            move(file, server, kept)
            sync_file(kept)
            _mark(layout)
            for ending in ("", "-wal", "-shm"):
                layout.casework.with_name(layout.casework.name + ending).unlink(missing_ok=True)
            sync_folder(layout.root)
    except lock.Held as fault:
        raise TryAgain("another writer holds the workspace") from fault
    return server


def restored(home: Home, now: datetime) -> None:
    """Put the casework of a backup, which was unpacked here, where environment and settings want it.

    Raises:
        ConfigurationError: the server holds casework of this workspace that does not go on from that of the backup.
    """
    layout = home.layout
    if not layout.casework.exists():
        return
    server = _server(home)
    if server is None:
        return
    file = Casework(layout.casework)
    file.migrate(now)
    bring(file, server)
    layout.casework.unlink()
    _mark(layout)


def _server(home: Home) -> Casework | None:
    from linkage.stores.casework_postgresql import Server, access

    found = access(home.settings.casework, os.environ)
    return Casework(Server(found, f"linkage_{home.name}")) if found is not None else None


def _mark(layout: Layout) -> None:
    if not layout.casework_elsewhere.exists():
        create_once(layout.casework_elsewhere, b"postgresql\n")
