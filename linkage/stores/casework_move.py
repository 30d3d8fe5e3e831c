"""Casework from one database into another, whole, and so that nothing is written to the one that it left."""

from __future__ import annotations

from pathlib import Path

from linkage.errors import ConfigurationError
from linkage.stores.casework import Casework


def bring(source: Casework, target: Casework) -> None:
    """Put what is in ``source``, of this version, into ``target``; where that has gone on from it, it stays as it is.

    Raises:
        ConfigurationError: the target holds other casework, or its chain is broken.
    """
    head = source.audit_head()
    if not target.ready():
        with source.reading() as connection:
            target.fill(connection)
    fault = target.audit_fault({source.name: head})
    if fault is not None:
        raise ConfigurationError(
            f"{target.name} holds casework that does not go on from {source.name}: {fault}",
            hint="Name another database (LINKAGE_CASEWORK_URL), or, if nobody needs what is there, drop that schema.",
        )


def move(source: Casework, target: Casework, kept: Path) -> None:
    """As ``bring``; ``kept`` gets a copy of the source, to which nothing is written any more that the audit sees.

    Raises:
        ConfigurationError: as ``bring``.
        TryAgain: somebody writes to the source.
    """
    with source.writing() as connection:
        bring(source, target)
        source.copy_to(kept)
        # Who waits for this transaction to end has looked for the file before, and must not write into what is gone.
        source.close_off(connection, "the casework was moved")
