"""Purge: the name of an account goes, and its number stays. What that takes is in ``forgetting``."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from linkage.errors import UsageError
from linkage.model.access import Permission
from linkage.model.reports import PurgeReport
from linkage.stores.purges import Purges
from linkage.workspace.forgetting import forget
from linkage.workspace.home import Home, now

if TYPE_CHECKING:
    from linkage.stores.lake import LakeView


def purge(home: Home, account: str, reason: str) -> PurgeReport:
    """Purge the account of this name, or ``id:<surrogate>``.

    Raises:
        NotAllowed: the actor is no admin.
        UsageError: no reason is given, it holds the name, or there is no such account (any more).
        TryAgain: another writer is at work, or the disk is full; what was begun is finished by the next writer.
    """
    home.require(Permission.PURGE)
    if not reason.strip():
        raise UsageError("a purge needs a reason")
    home.layout.check()
    if not home.layout.exists:
        raise UsageError("there is no workspace here yet")
    with home.writing():
        number, name = _found(home.lake.view(), account)
        if re.search(rf"(?<!\w){re.escape(name)}(?!\w)", reason):
            raise UsageError("the reason holds the account's name, and would keep it in the audit")
        casework = home.casework_to_write()
        exported = sum(
            entry.action == "bundle.export" and entry.detail.get("profile") == "internal" for entry in casework.audit()
        )
        purges = Purges(casework)
        purges.begin(number, actor=home.actor, reason=reason, now=now())
        forget(home.lake, purges, home.settings.engine, actor=home.actor, now=now())
    return PurgeReport(number, exported)


def _found(view: LakeView, account: str) -> tuple[int, str]:
    """Surrogate id and name of the account."""
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    prefix, _, digits = account.partition(":")
    by_number = prefix == "id" and digits.isdecimal() and len(digits) < 19
    for path in view.files("identities"):
        table = pq.ParquetFile(path).read(columns=["kind", "id", "value"])
        same = pc.equal(table["id"], int(digits)) if by_number else pc.equal(table["value"], account)
        rows = table.filter(pc.and_(pc.equal(table["kind"], "account"), same)).to_pylist()
        if rows:
            return int(rows[0]["id"]), str(rows[0]["value"])
    raise UsageError("there is no such account", hint="It was never seen, or was purged before.")
