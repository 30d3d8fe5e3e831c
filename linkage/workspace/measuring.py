"""Clusters against known truth."""

from __future__ import annotations

import os
from collections.abc import Collection
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from linkage.errors import InputRefused, UsageError
from linkage.model.progress import ProgressSink

if TYPE_CHECKING:
    import pandas

    from linkage.evaluation import Evaluation
    from linkage.evaluation.replay import Replay
    from linkage.workspace.home import Home

_COLUMNS = ("account_id", "group_id", "group_kind", "malicious")


class Measurements:
    """The part of a Workspace that measures what it found against known truth, a CSV or Parquet file."""

    _home: Home

    def evaluate(
        self,
        truth: str | os.PathLike[str],
        refresh: str | None = None,
        *,
        baselines: bool | Collection[str] = True,
    ) -> Evaluation:
        """Measure the clusters against the accounts of ``truth``, beside other methods.

        ``baselines``: names of linkage.evaluation.METHODS, or "all" of them, and of LIMITS; True for the quicker
        methods, False for none.

        Raises:
            UsageError: there is no such file or method.
            InputRefused: the truth cannot be read, or lacks a column of the contract.
            NoSnapshot: nothing was refreshed yet, or the refresh is not kept.
        """
        import linkage.evaluation
        from linkage.reading import frames
        from linkage.workspace import beside

        methods = _methods(baselines)
        known = read_truth(Path(truth))
        with self._home.ask(refresh, ("clusters", "members")) as questions:
            members = frames.members(questions, None).to_pandas()
        edges = beside.edges_of(self._home, refresh) if methods else None
        return linkage.evaluation.evaluate(members, known, edges, methods)

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


def _methods(baselines: bool | Collection[str]) -> tuple[str, ...]:
    """Names of the methods that are asked for, each once, in the order of METHODS, and then of limits."""
    from linkage.evaluation import LIMITS, METHODS, QUICK

    if isinstance(baselines, bool):
        return QUICK if baselines else ()
    if isinstance(baselines, str):
        baselines = (baselines,)
    unknown = sorted(set(baselines) - METHODS.keys() - LIMITS.keys() - {"all"})
    if unknown:
        there = ", ".join([*METHODS, *LIMITS])
        raise UsageError(f"there is no method {unknown[0]!r} to compare with", hint=f"There are {there}, and all.")
    wanted = METHODS.keys() | baselines if "all" in baselines else baselines
    return tuple(name for name in (*METHODS, *LIMITS) if name in wanted)


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
