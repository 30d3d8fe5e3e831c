"""Single flight: locks that the kernel drops when their holder dies.

Three files, all locked with ``flock``: ``write.lock`` keeps writers of the lake and of snapshots apart,
``refresh.lock`` says that a refresh runs, so that a second one can be told from an ingest in progress, and
``schedule.lock`` keeps a workspace to one schedule.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path


class Held(Exception):
    """Another process (or another part of this one) holds the lock."""


@contextlib.contextmanager
def hold(path: Path) -> Iterator[None]:
    """Hold the lock file at ``path``, never waiting for it.

    Raises:
        Held: someone else holds it.
    """
    # The descriptor is closed on exec, so a child that outlives its parent does not keep the lock.
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as fault:
            raise Held(path.name) from fault
        yield
    finally:
        os.close(handle)
