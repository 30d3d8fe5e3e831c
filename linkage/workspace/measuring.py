"""Clusters against known truth."""

from __future__ import annotations

import os
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from linkage.errors import InputRefused, UsageError
from linkage.model.progress import ProgressSink

if TYPE_CHECKING:
    import pandas

    from linkage.evaluation import Edges, Evaluation
    from linkage.evaluation.replay import Replay
    from linkage.workspace.home import Home

_COLUMNS = ("account_id", "group_id", "group_kind", "malicious")


class Measurements:
    """The part of a Workspace that measures what it found against known truth, a CSV or Parquet file."""

    _home: Home

    def evaluate(
        self, truth: str | os.PathLike[str], refresh: str | None = None, *, baselines: bool = True
    ) -> Evaluation:
        """Measure the clusters against the accounts of ``truth``, beside simpler methods.

        Raises:
            UsageError: there is no such file.
            InputRefused: the truth cannot be read, or lacks a column of the contract.
            NoSnapshot: nothing was refreshed yet, or the refresh is not kept.
        """
        import linkage.evaluation
        from linkage.reading import frames

        known = read_truth(Path(truth))
        with self._home.ask(refresh, ("clusters", "members")) as questions:
            members = frames.members(questions, None).to_pandas()
        edges = _edges(self._home, refresh) if baselines else None
        return linkage.evaluation.evaluate(members, known, edges)

    def replay(
        self,
        truth: str | os.PathLike[str],
        *,
        first: date | None = None,
        step: int = 1,
        window: str = "90d",
        progress: ProgressSink | None = None,
    ) -> Replay:
        """Refresh at the end of every day, or of every ``step`` days from ``first``: when was each campaign found?

        Only the lake is read: snapshots, cases and CURRENT stay as they are, and what is made goes at the end. Later
        refreshes know the earlier ones, so that clusters get the ids that they would have had.

        Raises:
            UsageError: there is no such file, no such window, or no day to begin with.
            InputRefused: the truth cannot be read, or lacks a column of the contract.
            NoSnapshot: nothing was ingested yet.
            TryAgain: disk or memory are full.
        """
        from linkage.workspace import replaying

        return replaying.replay(self._home, read_truth(Path(truth)), first, step, window, progress)


def _edges(home: Home, refresh: str | None) -> Edges:
    """The snapshot's sightings, as the baselines want them."""
    import numpy

    from linkage.evaluation import Edges
    from linkage.reading.source import ask

    snapshot = home.snapshot(refresh)
    accounts = snapshot.table("accounts")
    sightings = snapshot.table("sightings")
    surrogates = accounts["account"].to_numpy()
    order = numpy.argsort(surrogates, kind="stable")
    with ask(None, home.identities(), home.settings.engine, ()) as questions:
        rows = questions.rows("names", {"ids": surrogates.tolist()})
    names = {row["id"]: str(row["value"]) for row in rows}
    return Edges(
        accounts=tuple(names.get(int(account), f"purged:{account}") for account in surrogates),
        account=order[numpy.searchsorted(surrogates[order], sightings["account"].to_numpy())],
        identifier=numpy.unique(sightings["identifier"].to_numpy(), return_inverse=True)[1].astype(numpy.int64),
        kind=numpy.asarray(sightings["kind"].to_pylist(), dtype=object),
        events=accounts["events"].to_numpy().astype(numpy.float64),
    )


def read_truth(path: Path) -> pandas.DataFrame:
    """The truth table: account_id and group_id text, group_kind text, malicious boolean; by its ending CSV or Parquet.

    Raises:
        UsageError: there is no such file.
        InputRefused: the file cannot be read, lacks a column, contradicts itself, or ``malicious`` is neither true nor
            false.
    """
    import pyarrow
    import pyarrow.csv
    import pyarrow.parquet

    if not path.is_file():
        raise UsageError("there is no such truth file")
    try:
        if path.suffix.lower() in (".parquet", ".pq"):
            table = pyarrow.parquet.read_table(path, partitioning=None)
        else:
            text = {name: pyarrow.string() for name in _COLUMNS}
            options = pyarrow.csv.ConvertOptions(column_types=text, strings_can_be_null=False)
            table = pyarrow.csv.read_csv(path, convert_options=options)
    except (pyarrow.ArrowException, OSError, UnicodeDecodeError) as fault:
        raise InputRefused(f"{path.name}: the truth cannot be read ({type(fault).__name__})", hint=_HINT) from fault
    missing = [name for name in _COLUMNS if name not in table.column_names]
    if missing:
        raise InputRefused(f"{path.name}: the truth lacks the column {missing[0]}", hint=_HINT)
    frame: pandas.DataFrame = table.select(list(_COLUMNS)).to_pandas()
    if frame["malicious"].dtype != bool:
        words = frame["malicious"].astype("str").str.strip().str.lower()
        if not words.isin(("true", "false", "1", "0")).all():
            raise InputRefused(f"{path.name}: malicious is true or false", hint=_HINT)
        frame["malicious"] = words.isin(("true", "1"))
    frame = frame.drop_duplicates(ignore_index=True)
    twice = int(frame["account_id"].duplicated().sum())
    if twice:
        raise InputRefused(f"{path.name}: {twice} rows give an account another truth than a row before", hint=_HINT)
    return frame


_HINT = "A truth is a CSV or Parquet file with account_id, group_id, group_kind, malicious: one row an account."
