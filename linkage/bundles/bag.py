"""The bag: a folder whose every file is listed with its digest, and whose list is what gets signed (RFC 8493).

bagit.txt, bag-info.txt and two manifests; the payload lies in data/. The tag manifest covers the other tag files, and
a signature over it therefore covers everything. Signatures lie in signatures/, which no manifest can list.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from datetime import date

from linkage.errors import BundleMalformed

DECLARATION, INFO = "bagit.txt", "bag-info.txt"
MANIFEST, TAG_MANIFEST = "manifest-sha256.txt", "tagmanifest-sha256.txt"
TAGS = (DECLARATION, INFO, MANIFEST)
SIGNATURES = "signatures/"
#: Field of bag-info.txt, one for each person who must sign: name and fingerprint of the key.
SIGNER = "Required-Signer"
_DECLARED = b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"
_LINE = re.compile(r"([0-9a-f]{64})  ([A-Za-z0-9._/-]+)\Z")
_FIELD = re.compile(r"([A-Za-z-]+): (.*)\Z")
_SIGNER = re.compile(r"([A-Za-z0-9][A-Za-z0-9._@+-]{0,99}) (SHA256:[A-Za-z0-9+/]{43})\Z")


def bagged(
    payload: Mapping[str, bytes], name: str, day: date, version: str, signers: Iterable[str]
) -> dict[str, bytes]:
    """``payload`` (by path below data/) and its tag files, by path; ready to be signed."""
    files = {f"data/{path}": data for path, data in payload.items()}
    fields = [
        ("Bag-Software-Agent", f"linkage {version}"),
        ("Bagging-Date", day.isoformat()),
        ("External-Identifier", name),
        ("Payload-Oxum", f"{sum(map(len, files.values()))}.{len(files)}"),
        *((SIGNER, signer) for signer in signers),
    ]
    tags = {
        DECLARATION: _DECLARED,
        INFO: "".join(f"{key}: {value}\n" for key, value in fields).encode(),
        MANIFEST: _manifest({path: digest(data) for path, data in files.items()}),
    }
    return {**files, **tags, TAG_MANIFEST: _manifest({path: digest(data) for path, data in tags.items()})}


def digest(data: bytes) -> str:
    """SHA-256, hex."""
    return hashlib.sha256(data).hexdigest()


def _manifest(digests: Mapping[str, str]) -> bytes:
    return "".join(f"{digests[path]}  {path}\n" for path in sorted(digests)).encode("ascii")


def listed(data: bytes, name: str) -> dict[str, str]:
    """Digest by path, as the manifest ``name`` lists them.

    Raises:
        BundleMalformed: it is no manifest, or lists a file twice.
    """
    found: dict[str, str] = {}
    for number, line in enumerate(_lines(data, name), start=1):
        match = _LINE.match(line)
        if match is None or match[2] in found:
            raise BundleMalformed(f"{name}, line {number}: not a digest and a path, or listed before")
        found[match[2]] = match[1]
    return found


def signers(data: bytes) -> tuple[tuple[str, str], ...]:
    """(name, fingerprint) of everybody who must sign, from bag-info.txt.

    Raises:
        BundleMalformed: it is not bag-info.txt.
    """
    found = []
    for number, line in enumerate(_lines(data, INFO), start=1):
        match = _FIELD.match(line)
        if match is None:
            raise BundleMalformed(f"{INFO}, line {number}: not a field and its value")
        if match[1] == SIGNER:
            signer = _SIGNER.match(match[2])
            if signer is None:
                raise BundleMalformed(f"{INFO}, line {number}: not a name and a fingerprint")
            found.append((signer[1], signer[2]))
    return tuple(found)


def _lines(data: bytes, name: str) -> list[str]:
    try:
        text = data.decode()
    except UnicodeDecodeError as fault:
        raise BundleMalformed(f"{name} is not text") from fault
    if not text.endswith("\n"):
        raise BundleMalformed(f"{name} is cut")
    return text[:-1].split("\n")
