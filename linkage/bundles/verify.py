"""Verify: the way back from a bundle to what can be relied on. Read :func:`verify` first.

First that every byte is what was signed, then that whoever signed is trusted, then that the content agrees with itself,
and, where asked, that the finding comes out of the records again. A later step is not taken where an earlier one fails.
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from linkage.bundles import bag, custody, signing
from linkage.bundles.container import received
from linkage.bundles.profiles import PROFILES, profile_of
from linkage.bundles.rerun import Frame, compared
from linkage.config import Settings
from linkage.errors import BundleAltered, BundleMalformed, BundleUntrusted, LinkageError, RerunDiffers
from linkage.model.case import same_person
from linkage.model.reports import BundleReport
from linkage.model.times import from_text
from linkage.refresh import METHOD

if TYPE_CHECKING:
    import pyarrow

#: Differences of a re-run that are told.
_TOLD = 20


@dataclass(frozen=True, slots=True)
class Verified:
    """A bundle as it was verified. ``signed``: the bytes of its tag manifest, which is what signatures are of.

    ``case``: id of the case that it says it is of; None where it says none, or nothing that can be read.
    """

    report: BundleReport
    signed: bytes
    case: str | None


def verify(path: Path, allowed: Path | None, *, rerun: bool = False, without: str = "") -> Verified:
    """Check the bundle at ``path``, a folder or a zip, against the signers that the file ``allowed`` trusts.

    ``without``: fingerprint of the key of whoever is about to sign, whose signature need not be there yet.
    What is wrong with the bundle is in the report (``fault``), with every file that it concerns. A file is read once.

    Raises:
        BundleMalformed: it is no bundle, or one that no linkage writes; nothing was written.
        ConfigurationError: ssh-keygen is missing, so nothing can be said.
    """
    with received(path) as bundle:
        if not {bag.DECLARATION, bag.INFO, bag.MANIFEST, bag.TAG_MANIFEST} & set(bundle.sizes):
            raise BundleMalformed("that is no evidence bundle: it has none of a bag's files")
        files = {name: bundle.read(name) for name in sorted(bundle.sizes)}
        report = _report(bundle.name, files, allowed, rerun=rerun, without=without)
    return Verified(report, files.get(bag.TAG_MANIFEST, b""), _case_of(files.get("data/finding.json", b"")))


def _report(name: str, files: Mapping[str, bytes], allowed: Path | None, *, rerun: bool, without: str) -> BundleReport:
    faults = sorted(set(_faults(files)))
    report = BundleReport(name, "", len(files), (), tuple(faults))
    if faults:
        named = ", ".join(name for name, _ in faults[:5]) + (" …" if len(faults) > 5 else "")
        return replace(report, fault=BundleAltered(f"not what was signed: {named}"))
    signers = tuple(_signers(files, allowed))
    report = replace(report, signers=signers)
    fault = _untrusted(files, tuple(one for one in signers if one[1] != without) or signers, allowed)
    if fault is not None:
        return replace(report, fault=fault)
    try:
        found = json.loads(files["data/finding.json"])
        if found["profile"] not in PROFILES or not isinstance(found["bundle"], str):
            raise ValueError("finding.json")
        report = replace(report, name=found["bundle"], profile=found["profile"])
        inner = _contradiction(files, found)
        if inner is not None:
            return replace(report, faults=(inner,), fault=BundleMalformed(f"{inner[0]}: {inner[1]}"))
        return _again(report, files, found) if rerun else report
    except (AttributeError, KeyError, RecursionError, TypeError, ValueError) as fault:
        raise BundleMalformed(f"the bundle lacks what every bundle has ({type(fault).__name__})") from fault


def _case_of(finding: bytes) -> str | None:
    """Id of the case that a finding.json names, which need not be any."""
    try:
        case = json.loads(finding)["verdict"]["case"]
    except (KeyError, RecursionError, TypeError, ValueError):
        return None
    return case if isinstance(case, str) else None


def _faults(files: Mapping[str, bytes]) -> Iterator[tuple[str, str]]:
    """(file, what is wrong) of everything that differs from what was signed."""
    signatures = {name for name in files if name.startswith(bag.SIGNATURES)}
    signed = files.get(bag.TAG_MANIFEST, b"")
    for name in sorted(signatures):
        if not signing.intact(files[name], signed):
            yield name, "does not sign tagmanifest-sha256.txt as it is: one of the two was altered"
            yield bag.TAG_MANIFEST, f"is not what {name} signs: one of the two was altered"
    for name in sorted({*bag.TAGS, bag.TAG_MANIFEST} - set(files)):
        yield name, "missing"
    known = {*bag.TAGS, bag.TAG_MANIFEST, *signatures}
    tags = _listed(files, bag.TAG_MANIFEST)
    payload = _listed(files, bag.MANIFEST)
    if isinstance(tags, str):
        yield bag.TAG_MANIFEST, tags
    else:
        yield from _compared(files, {name: tags.get(name, "") for name in bag.TAGS})
        for name in sorted(set(tags) - set(bag.TAGS)):
            yield bag.TAG_MANIFEST, f"lists {name}, which no bundle has"
    if isinstance(payload, str):
        yield bag.MANIFEST, payload
    else:
        yield from _compared(files, payload)
        known |= set(payload)
        for name in sorted(set(files) - known):
            yield name, "added: no list has it"
    names = {signing.path_of(fingerprint) for _, fingerprint in _required(files)}
    for name in sorted(signatures - names):
        yield name, "added: nobody who must sign has this key"


def _listed(files: Mapping[str, bytes], name: str) -> dict[str, str] | str:
    """What a manifest lists, or what is wrong with it."""
    if name not in files:
        return "missing"
    try:
        return bag.listed(files[name], name)
    except BundleMalformed as fault:
        return f"altered: {fault.message}"


def _required(files: Mapping[str, bytes]) -> tuple[tuple[str, str], ...]:
    """Who must sign; nobody where bag-info.txt was altered beyond reading, which its digest tells."""
    try:
        return bag.signers(files.get(bag.INFO, b""))
    except BundleMalformed:
        return ()


def _compared(files: Mapping[str, bytes], digests: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    for name, digest in digests.items():
        if name not in files:
            yield name, "missing"
        elif bag.digest(files[name]) != digest:
            yield name, "altered"


def _signers(files: Mapping[str, bytes], allowed: Path | None) -> Iterator[tuple[str, str, bool]]:
    """(name, fingerprint, whether it counts) of everybody who must sign."""
    for principal, fingerprint in _required(files):
        signature = files.get(signing.path_of(fingerprint))
        counts = (
            signature is not None
            and allowed is not None
            and signing.fingerprint_in(signature) == fingerprint
            and signing.trusted(signature, files[bag.TAG_MANIFEST], principal, allowed)
        )
        yield principal, fingerprint, counts


def _untrusted(
    files: Mapping[str, bytes], signers: tuple[tuple[str, str, bool], ...], allowed: Path | None
) -> LinkageError | None:
    if not signers:
        return BundleUntrusted("the bundle names nobody who signed it")
    if allowed is None:
        return BundleUntrusted("every byte is what its lists say, and there is no file of trusted signers to ask")
    told = []
    for principal, fingerprint, counts in signers:
        if not counts:
            there = signing.path_of(fingerprint) in files
            told.append(f"{principal} ({fingerprint}) {'is not trusted' if there else 'has to sign, and has not'}")
    return BundleUntrusted(f"no trusted signature of everybody: {'; '.join(told)}") if told else None


def _contradiction(files: Mapping[str, bytes], found: Mapping[str, Any]) -> tuple[str, str] | None:
    """(file, what is wrong) where signed content disagrees with itself; None where it agrees."""
    if f"External-Identifier: {found['bundle']}\n".encode() not in files[bag.INFO]:
        return "data/finding.json", "is of another bundle"
    verdict = found["verdict"]
    if verdict is not None and not isinstance(verdict["case"], str):
        return "data/finding.json", "names no case that the verdict is of"
    if verdict is not None and verdict["approved_at"] is not None:
        inner = _unapproved(found, verdict, dict(_required(files)))
        if inner is not None:
            return inner
    broken = custody.broken(files["data/custody/chain.jsonl"])
    if broken is not None:
        return "data/custody/chain.jsonl", broken
    if not profile_of(found["profile"]).records:
        return None
    members = _table(files, "data/members.parquet")
    if members.num_rows != found["cluster"]["size"]:
        return "data/members.parquet", f"{members.num_rows} members, where finding.json says {found['cluster']['size']}"
    return None


def _unapproved(
    found: Mapping[str, Any], verdict: Mapping[str, Any], required: Mapping[str, str]
) -> tuple[str, str] | None:
    """What is wrong with who has to sign for a verdict that was approved; None where nothing is."""
    signed = found.get("signed_by")
    exporter, approver = (signed.get("exporter"), signed.get("approver")) if isinstance(signed, dict) else (None, None)
    if not isinstance(exporter, str) or not isinstance(approver, str):
        return "data/finding.json", "does not say who exported and who approved, as that of an approved verdict does"
    if exporter not in required:
        return bag.INFO, "whoever exported is not among those who must sign"
    # Where people are named, the verdict says by itself who approved it.
    named = verdict["approved_by"] if profile_of(found["profile"]).events else approver
    if approver not in required or not same_person(named, approver):
        return bag.INFO, "whoever approved the verdict is not among those who must sign"
    return None


def _again(report: BundleReport, files: Mapping[str, bytes], found: Mapping[str, Any]) -> BundleReport:
    """The finding computed again from the records of the bundle."""
    profile = profile_of(found["profile"])
    if not profile.records:
        return replace(report, rerun="not possible")
    made_by = found["method"]["method"]
    if made_by != METHOD:
        raise BundleMalformed(f"method {made_by} made it, and this is method {METHOD}: that linkage can run it again")
    told = json.loads(files["data/rerun/configuration.json"])
    frame = Frame(
        told["accounts"], tuple(told["kinds"]), from_text(told["as_of"]), Settings.model_validate(told["settings"])
    )
    records = {
        name.removeprefix("data/records/").removesuffix(".parquet"): _table(files, name)
        for name in files
        if name.startswith("data/records/")
    }
    members = _table(files, "data/members.parquet")
    shares = dict(zip(members["account"].to_pylist(), members["membership"].to_pylist(), strict=True))
    _, differences = compared(records, frame, found["cluster"], shares, profile)
    if not differences:
        return replace(report, rerun="agrees")
    fault = RerunDiffers(f"computed again, the finding differs in {len(differences)} places: {differences[0]}")
    return replace(report, rerun="differs", differences=tuple(differences[:_TOLD]), fault=fault)


def _table(files: Mapping[str, bytes], name: str) -> pyarrow.Table:
    import pyarrow
    import pyarrow.parquet

    try:
        return pyarrow.parquet.ParquetFile(io.BytesIO(files[name])).read()
    except pyarrow.ArrowException as fault:
        raise BundleMalformed(f"{name} is no Parquet file") from fault
