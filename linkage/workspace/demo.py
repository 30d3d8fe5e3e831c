"""The demo: the whole way on a made-up population whose truth is known."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from linkage.errors import LinkageError, TryAgain, UsageError
from linkage.model.progress import Progress, ProgressSink
from linkage.model.reports import DemoReport
from linkage.stores.files import room_for, sync_folder
from linkage.stores.layout import Layout

if TYPE_CHECKING:
    from linkage.workspace.facade import Workspace

_SCENARIO, _ACCOUNTS, _SEED = "mixed", "small", 7
#: Folder of the workspace that the made-up files lie in.
_FOLDER = "demo"


def demo(workspace: Workspace, layout: Layout, progress: ProgressSink | None) -> DemoReport:
    """Population → ingest → refresh → verified snapshot → measured against the truth → a bundle, verified.

    Raises:
        UsageError: the workspace holds other events.
        ConfigurationError: ssh-keygen is missing, with which the bundle is signed.
        TryAgain: another refresh or writer is at work, or the disk is full.
    """
    folder = layout.root / _FOLDER
    layout.check()
    if layout.lake.exists() and not folder.exists():
        raise UsageError(
            "the workspace holds events that are not the demo's", hint="Name a new folder: linkage --workspace DIR demo"
        )
    layout.create()
    if not workspace.bundles.has_key:
        workspace.bundles.new_key()
    with room_for("the made-up population"):
        _populate(folder, progress)
    ingested = workspace.ingest(
        folder / "events",
        source="demo",
        accounts=folder / "accounts.parquet",
        address_ranges=folder / "address_ranges.csv",
        model_releases=folder / "model_releases.csv",
        progress=progress,
    )
    if ingested.refused:
        raise LinkageError("a file of the made-up population was refused")
    refreshed = workspace.refresh(progress=progress)
    if refreshed.refresh_id is None:
        raise TryAgain("another refresh is running")
    snapshot = workspace.snapshot(refreshed.refresh_id)
    snapshot.verify()
    first = snapshot.table("clusters").column("cluster_id")[0].as_py()
    exported = workspace.bundles.export(first, profile="internal", progress=progress)
    return DemoReport(
        accounts=snapshot.table("accounts").num_rows,
        events=sum(snapshot.table("accounts").column("events").to_pylist()),
        refresh_id=refreshed.refresh_id,
        evaluation=workspace.evaluate(folder / "truth.csv", refreshed.refresh_id, baselines=False),
        files=len(snapshot.run.files),
        exported=exported,
        verified=workspace.bundles.verify(exported.path, rerun=True),
    )


def _populate(folder: Path, progress: ProgressSink | None) -> None:
    """Make the files of the population in a scratch folder and put them in place whole, unless they are there."""
    from linkage.synthetic import generate

    if folder.exists():
        return
    scratch = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f".{folder.name}-"))

    def report(done: int, days: int) -> None:
        if progress is not None:
            progress(Progress("making up a population", done, days, "days"))

    try:
        generate(_SCENARIO, _ACCOUNTS, _SEED, scratch, progress=report)
        scratch.chmod(0o755)
        scratch.rename(folder)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    sync_folder(folder.parent)
