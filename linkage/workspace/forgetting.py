"""Names that are to be forgotten, taken out of the lake.

The one row that maps an account's surrogate id to its name leaves the table of identities, and what the provider knew
of the account leaves the table of accounts. Nothing else holds a name, so nothing else changes: every snapshot stays as
it is, byte for byte, and shows ``purged:<number>`` from then on.

What is to be forgotten was written down before, and stands there until the files are gone. Killed anywhere, the
manifest of the lake names either the old files or the new ones, and whoever writes next comes here first.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from datetime import datetime
from typing import TYPE_CHECKING

import pyarrow
import pyarrow.compute as pc
import pyarrow.parquet as pq

from linkage import engine
from linkage.config import EngineSettings
from linkage.ingest.statements import create_macros, execute
from linkage.stores.files import room_for
from linkage.stores.purges import Purges

if TYPE_CHECKING:
    from linkage.stores.lake import Lake, Writing


def forget(lake: Lake, purges: Purges, settings: EngineSettings, *, actor: str, now: datetime) -> None:
    """Carry out the purges that were begun; the caller is the only writer.

    Raises:
        TryAgain: the disk is full; the next writer carries on.
    """
    pending = purges.pending()
    if not pending:
        return
    with room_for("the lake"):
        with lake.begin() as writing:
            _drop_identities(writing, pending)
            _drop_accounts(writing, pending, settings)
            writing.commit()
        # A write removes what the one before it has superseded: here nobody waits for the next.
        with lake.begin():
            pass
    purges.end(pending, actor=actor, now=now)


def _drop_identities(writing: Writing, accounts: Sequence[int]) -> None:
    for number, entry in enumerate(writing.pending("identities")):
        table = pq.ParquetFile(writing.lake.root / entry.path).read()
        gone = pc.and_(pc.equal(table["kind"], "account"), pc.is_in(table["id"], _numbers(accounts)))
        kept = table.filter(pc.invert(gone))
        if kept.num_rows == table.num_rows:
            continue
        writing.drop([entry])
        if kept.num_rows:
            prepared = writing.folder / f"identities-{number}.parquet"
            pq.write_table(kept, prepared, compression="zstd")
            writing.place("identities", prepared)


def _drop_accounts(writing: Writing, accounts: Sequence[int], settings: EngineSettings) -> None:
    entries = writing.pending("accounts")
    files = [str(writing.lake.root / entry.path) for entry in entries]
    if not files:
        return
    with closing(engine.connect(memory_limit=settings.memory_limit, threads=settings.threads)) as connection:
        table = connection.read_parquet(files, hive_partitioning=False).to_arrow_table()
        kept = table.filter(pc.invert(pc.is_in(table["account"], _numbers(accounts))))
        if kept.num_rows == table.num_rows:
            return
        writing.drop(entries)
        if not kept.num_rows:
            return
        identities = [str(writing.lake.root / entry.path) for entry in writing.pending("identities")]
        connection.register("context_accounts", kept)
        connection.read_parquet(identities, hive_partitioning=False).create_view("identities")
        create_macros(connection)
        (sums,) = execute(connection, "sums_accounts")
    prepared = writing.folder / "accounts.parquet"
    pq.write_table(kept.sort_by("account"), prepared, compression="zstd")
    writing.place("accounts", prepared, sums=[int(number) for number in sums])


def _numbers(accounts: Sequence[int]) -> pyarrow.Array:
    return pyarrow.array(accounts, pyarrow.int64())
