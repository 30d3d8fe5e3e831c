"""Purges that were begun and not ended, in the casework database; what was done to whom stays in the audit."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa

from linkage.model.times import to_text
from linkage.stores import audit_chain
from linkage.stores.casework import Casework
from linkage.stores.casework_schema import PURGES


class Purges:
    """Accounts by surrogate id; a beginning or an end and its audit entry are one transaction."""

    def __init__(self, casework: Casework) -> None:
        self._casework = casework

    def begin(self, account: int, *, actor: str, reason: str, now: datetime) -> None:
        """``account`` is to be purged."""
        with self._casework.writing() as connection:
            connection.execute(PURGES.insert().values(account=account, at=to_text(now)))
            audit_chain.append(connection, actor, "purge", f"id:{account}", {"reason": reason}, now)

    def pending(self) -> tuple[int, ...]:
        """Accounts whose purge was begun and not ended."""
        with self._casework.reading() as connection:
            return tuple(connection.scalars(sa.select(PURGES.c.account).order_by(PURGES.c.account)))

    def end(self, accounts: Sequence[int], *, actor: str, now: datetime) -> None:
        """They are purged."""
        with self._casework.writing() as connection:
            for account in accounts:
                connection.execute(PURGES.delete().where(PURGES.c.account == account))
                audit_chain.append(connection, actor, "purge.done", f"id:{account}", {}, now)
