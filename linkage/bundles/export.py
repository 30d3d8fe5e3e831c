"""Export: the main path from a cluster to a signed bundle. Read :func:`export` first.

Nothing here reads the clock, the locale or the zone: the same snapshot, subject, profile and keys give the same bytes.
"""

from __future__ import annotations

import contextlib
import os
import stat
import tempfile
import zipfile
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from linkage.bundles import bag, custody, interop, privacy, readme, report, signing, story, writing
from linkage.bundles import tables as describe
from linkage.bundles.actions import actions
from linkage.bundles.casefile import CaseFile
from linkage.bundles.container import received
from linkage.bundles.gather import Material, gather
from linkage.bundles.profiles import Names, Profile
from linkage.bundles.rerun import Frame, compared
from linkage.bundles.signing import Key
from linkage.config import Settings
from linkage.errors import RerunDiffers, UsageError
from linkage.model.casework import AuditEntry
from linkage.model.progress import Progress, ProgressSink
from linkage.model.reports import ExportReport
from linkage.model.rows import rows_of
from linkage.stores.files import room_for, sha256_of, sync_folder

if TYPE_CHECKING:
    from linkage.config import EngineSettings
    from linkage.model.run import RunRecord
    from linkage.model.tables import Table
    from linkage.stores.lake import LakeView
    from linkage.stores.snapshots import Snapshot

_LINKAGE = version("linkage")
#: What a re-run computes with.
_COMPUTES = ("duckdb", "graspologic-native", "numba", "numpy", "pandas", "pyarrow", "pydantic", "scipy", "typst")
_STEPS = 4
#: Files that are compressed already.
_PACKED = (".parquet", ".pdf")
#: The date of every entry of a zip, whose earliest it is: what is inside has dates of its own.
_NO_DATE = (1980, 1, 1, 0, 0, 0)

#: What a re-run does not compute, and what it is told of decisions where there are any.
_GIVEN = ("trust (θ)", "bits", "candidate community", "claims of other communities", "baseline", "null maxima")
_DECIDED = {
    "decided": "who is in the cluster, or out of it, by a verdict",
    "followed": "what was a confirmed case's own",
}


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be exported: ``cluster``, and the ``case`` whose verdict is about it, if the bundle is a case's.

    ``signers``: whoever must sign: the exporter, who does so now, and whoever approved the case, who does so after.
    What is signed names both. ``exchange``: key that is shared with the recipient for matching
    indicators.
    """

    cluster: str
    profile: Profile
    names: Names
    signers: Sequence[Key]
    exchange: bytes | None = None
    case: CaseFile | None = None

    def name(self, run: RunRecord) -> str:
        """Name of the bundle: a case's goes on with what is done to it, a cluster's with the refreshes."""
        of = (self.cluster, run.number) if self.case is None else (self.case.case.case_id, self.case.case.revision)
        return f"LNK-{of[0]}-{of[1]}-{self.profile.name}"


def export(
    snapshot: Snapshot,
    view: LakeView,
    settings: EngineSettings,
    audit: Sequence[AuditEntry],
    order: Order,
    output: Path,
    *,
    zipped: bool,
    progress: ProgressSink | None = None,
) -> ExportReport:
    """Write the bundle into the folder ``output``, as a folder or a zip; whole or not at all.

    Raises:
        UsageError: there is no such cluster, or another file or bundle of that name.
        RerunDiffers: the lake holds other records than the refresh saw.
        ConfigurationError: ssh-keygen or typst is missing.
        TryAgain: the disk is full.
    """

    def tell(stage: str, done: int) -> None:
        if progress is not None:
            progress(Progress(stage, done, _STEPS, "steps"))

    name = order.name(snapshot.run)
    excluded = frozenset(() if order.case is None else order.case.proposal.scope.excluded)
    tell("gathering records", 0)
    material = gather(snapshot, view, settings, order.cluster, order.profile, order.names, order.exchange, excluded)
    tell("writing, and computing the finding again", 1)
    with ThreadPoolExecutor(max_workers=1) as other:
        # One core is left to what is written meanwhile.
        threads = max(1, (settings.threads or os.cpu_count() or 1) - 1)
        checked = other.submit(_checked, material, order.profile, threads)
        payload = _payload(name, material, order, audit)
        expected = checked.result()
    if expected is not None:
        payload["rerun/expected.json"] = writing.readable(expected)
    tell("signing", 2)
    signers = [f"{key.principal} {key.fingerprint}" for key in order.signers]
    files = bag.bagged(payload, name, snapshot.run.as_of.date(), _LINKAGE, signers)
    exporter, *others = order.signers
    files[signing.path_of(exporter.fingerprint)] = signing.sign(exporter, files[bag.TAG_MANIFEST])
    tell("putting in place", 3)
    target, status, signed = _placed(files, output, name, others, zipped=zipped)
    size = sum(map(len, files.values()))
    waits = tuple(key.principal for key in others if key.principal not in signed)
    return ExportReport(
        status, name, target, len(files), size, exporter.fingerprint, waits, _indicators(material, order)
    )


def _checked(material: Material, profile: Profile, threads: int) -> dict[str, Any] | None:
    """The finding computed again from the very records that the bundle will hold; None where it holds none."""
    if not profile.records:
        return None
    again, differences = compared(
        material.records, _frame(material, profile), material.cluster, _shares(material), profile, threads
    )
    if differences:
        raise RerunDiffers(
            f"the records of the lake do not give refresh {material.run.refresh_id} again: {differences[0]} "
            f"({len(differences)} differences)",
            hint="Events came in late or were purged since, or an older version found it: run `linkage refresh`, and "
            "export from the new refresh.",
        )
    return {
        "schema": "linkage.rerun-expected/1",
        "members": writing.logical_digest(
            {str(account): {"membership": share} for account, share in again.members.items()}
        ),
        "figures": {key: round(value, 9) for key, value in again.figures.items()},
        "tier": again.tier,
        "terms": {key: round(value, 9) for key, value in again.terms.items()},
        "tolerance": {"figures": profile.tolerance, "points": profile.points},
        "given": [*_GIVEN, *(_DECIDED[name] for name in _DECIDED if name in material.records)],
    }


def _indicators(material: Material, order: Order) -> tuple[int, int] | None:
    """How many indicators are given, and how many identifiers are none; None where none were asked for."""
    return None if order.exchange is None else (material.lists["indicators"].num_rows, material.left_out)


def _shares(material: Material) -> dict[int, float]:
    members = material.lists["members"]
    return dict(zip(members["account"].to_pylist(), members["membership"].to_pylist(), strict=True))


def _frame(material: Material, profile: Profile) -> Frame:
    settings = Settings.model_validate(dict(material.run.settings))
    return Frame(material.accounts, material.kinds, privacy.coarse(profile, material.run.as_of), settings)


def _payload(
    name: str,
    material: Material,
    order: Order,
    audit: Sequence[AuditEntry],
) -> dict[str, bytes]:
    """Files of data/ by path."""
    profile = order.profile
    lists = material.lists if profile.records else privacy.suppressed(material.lists, material.cluster["size"])
    rows: dict[str, Any] = {
        key: list(rows_of(table)) for key, table in lists.items() if key not in ("links", "sources")
    }
    rows.setdefault("contrary", list(rows_of(material.lists["contrary"])))
    rows["uses"] = list(rows_of(material.uses)) if material.uses is not None else []
    if profile.records:
        rows["sources"] = list(rows_of(lists["sources"]))
    cluster = privacy.figures(profile, material.cluster)
    case = order.case
    verdict = None if case is None else case.verdict(profile, material.excluded)
    found = story.finding(name, profile, cluster, rows, _method(material, profile), verdict)
    exporter, *others = (key.principal for key in order.signers)
    found["signed_by"] = {"exporter": exporter}
    if case is not None and case.approver is not None:
        # Also where one person did both, so that nobody can be left out unseen.
        found["signed_by"]["approver"] = others[0] if others else exporter
    blocks = story.report(name, profile, cluster, rows, found)
    if profile.events:
        lists = {**lists, "actions": actions(rows["members"], cluster, case, material.excluded, "members.csv")}
    written: dict[str, Table] = {}
    files: dict[str, bytes] = {}
    for table in describe.LISTS:
        if table.name in lists:
            where = f"custody/{table.name}" if table.name == "sources" else table.name
            kept = lists[table.name].select([c for c in table.names if c in lists[table.name].column_names])
            files |= {f"{where}.csv": writing.comma_separated(kept), f"{where}.parquet": writing.parquet(kept)}
            written[where] = table
    for key, table in material.records.items():
        files[f"records/{key}.parquet"] = writing.parquet(table)
    specs = {f"records/{table.name}": table for table in describe.RECORDS if table.name in material.records}
    subject = interop.Subject(
        name, found["claim"], " ".join([found["claim"], *story.LIMITS[:2]]), profile.tlp,
        privacy.coarse(profile, material.run.as_of), found["claims_abuse"],
    )  # fmt: skip
    members, evidence = rows.get("members", []), rows.get("evidence", [])
    files |= {
        "REPORT.html": report.as_html(blocks),
        "REPORT.pdf": report.as_pdf(blocks),
        "custody/chain.jsonl": custody.chain(
            audit, material.run.refresh_id, None if case is None else case.case, profile
        ),
        "finding.json": writing.readable(found),
        "interop/stix-2.1.json": interop.stix(subject, members, evidence, material.uses, rows.get("indicators", ())),
        "notes.jsonl": b"".join(
            writing.canonical(note) + b"\n" for note in (() if case is None else case.notes(profile))
        ),
        "privacy.json": writing.readable(privacy.statement(profile, order.names, _indicators(material, order))),
        "rerun/requirements.txt": _requirements(),
        "schema/tables.json": writing.schema({**written, **specs}),
    }
    if profile.records:
        frame = _frame(material, profile)
        files |= {
            "interop/graph.graphml": interop.graphml(members, evidence, material.uses),
            "rerun/configuration.json": writing.readable(
                {
                    "schema": "linkage.rerun/1",
                    "accounts": frame.accounts,
                    "kinds": list(frame.kinds),
                    "as_of": frame.as_of,
                    "settings": dict(material.run.settings),
                }
            ),
        }
    files["README.txt"] = readme.text(name, profile, order.signers, written)
    return files


def _method(material: Material, profile: Profile) -> dict[str, Any]:
    run = material.run
    return {
        "version": _LINKAGE,
        "method": run.counts.get("method"),
        "refresh_id": run.refresh_id,
        "as_of": privacy.coarse(profile, run.as_of),
        "window": run.window,
        "window_first": run.window_first,
        "window_last": run.window_last,
        "watermark": "records accepted up to as_of, however late, are counted",
        "seed": run.seed,
        "settings": dict(run.settings),
        "settings_digest": run.settings_digest,
        "input_digest": run.input_digest,
        "accounts": material.accounts,
        "identifiers": run.counts.get("identifiers"),
    }


def _requirements() -> bytes:
    lines = [f"linkage=={_LINKAGE}"]
    for name in _COMPUTES:
        with contextlib.suppress(PackageNotFoundError):
            lines.append(f"{name}=={version(name)}")
    return ("\n".join(lines) + "\n").encode("ascii")


# --- putting in place ----------------------------------------------------------------------------------------------


def _placed(
    files: Mapping[str, bytes], output: Path, name: str, others: Sequence[Key], *, zipped: bool
) -> tuple[Path, Literal["written", "unchanged"], frozenset[str]]:
    """Where the bundle is, whether it was there, and who of the ``others`` has signed it by now."""
    target = output / (f"{name}.zip" if zipped else name)
    with room_for("the bundle"):
        output.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=output, prefix=f".{name}-") as scratch:
            made = Path(scratch, name)
            (_write_zip if zipped else _write_folder)(files, made, name)
            if os.path.lexists(target):
                there = _contents(target)
                later = {signing.path_of(key.fingerprint) for key in others}
                if _contents(made) == {path: digest for path, digest in there.items() if path not in later}:
                    return target, "unchanged", _signed(target, files[bag.TAG_MANIFEST], others)
                raise UsageError(
                    f"there is something else called {target.name} already",
                    hint="Name another --output: a bundle is never replaced.",
                )
            made.rename(target)
        sync_folder(output)
    return target, "written", frozenset()


def _signed(target: Path, data: bytes, keys: Sequence[Key]) -> frozenset[str]:
    """Whose signatures of ``data``, under these ``keys``, the bundle at ``target`` has."""
    found = set()
    for key in keys:
        where = signing.path_of(key.fingerprint)
        with received(target) as bundle:
            signature = bundle.read(where) if where in bundle.sizes else b""
        if signing.made(signature, data, key.fingerprint):
            found.add(key.principal)
    return frozenset(found)


def _write_folder(files: Mapping[str, bytes], folder: Path, _name: str) -> None:
    for path, data in files.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)


def _write_zip(files: Mapping[str, bytes], target: Path, name: str) -> None:
    """A zip of the bundle; its own bytes depend on the version of zlib, and nothing that is signed does."""
    with zipfile.ZipFile(target, "w") as archive:
        for path in sorted(files):
            # The first level is half as much work as the default, and tables are compressed already.
            archive.writestr(entry_of(f"{name}/{path}"), files[path], compresslevel=1)


def entry_of(path: str) -> zipfile.ZipInfo:
    """How a file stands in a zip, whenever and wherever it is made."""
    entry = zipfile.ZipInfo(path, _NO_DATE)
    entry.external_attr = (stat.S_IFREG | 0o644) << 16
    entry.create_system = 3
    entry.compress_type = zipfile.ZIP_STORED if path.endswith(_PACKED) else zipfile.ZIP_DEFLATED
    return entry


def _contents(path: Path) -> dict[str, str]:
    """Digest by path of every file in a folder, or in a zip of one; of a file that is neither, its own."""
    if path.is_file():
        try:
            with zipfile.ZipFile(path) as archive:
                return {
                    entry.filename.partition("/")[2]: bag.digest(archive.read(entry)) for entry in archive.infolist()
                }
        except zipfile.BadZipFile:
            return {"": sha256_of(path)}
    return {one.relative_to(path).as_posix(): sha256_of(one) for one in path.rglob("*") if one.is_file()}
