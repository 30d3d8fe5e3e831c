"""The second signature of a bundle: by whoever approved its case, who looks at what another person exported."""

from __future__ import annotations

import tempfile
import zipfile
from pathlib import Path

from linkage.bundles import bag, signing
from linkage.bundles.container import received
from linkage.bundles.export import entry_of
from linkage.bundles.signing import Key
from linkage.bundles.verify import Verified
from linkage.errors import BundleAltered, UsageError
from linkage.model.reports import Signed
from linkage.stores.files import room_for, sync_file, sync_folder, write_atomically


def cosign(path: Path, key: Key, verified: Verified) -> Signed:
    """Add the signature of ``key`` to the bundle at ``path``, a folder or a zip, of what was ``verified``.

    ``unchanged`` where that very signature was there, and ``replaced`` where another lay in its place.

    Raises:
        UsageError: the bundle does not name this key among those who must sign.
        BundleAltered: the bundle is not the one that was verified; nothing was signed.
        BundleMalformed: there is no bundle.
        ConfigurationError: ssh-keygen is missing.
        TryAgain: the disk is full.
    """
    if (key.principal, key.fingerprint) not in [signer[:2] for signer in verified.report.signers]:
        raise UsageError(
            "the bundle does not name your key among those who must sign",
            hint="Whoever approved a case signs its bundles, and whoever exported them.",
        )
    where = signing.path_of(key.fingerprint)
    # Of the bytes that were verified, and not of what lies there by now: a bundle may be swapped in between.
    signature = signing.sign(key, verified.signed)
    with received(path) as bundle:
        if bag.TAG_MANIFEST not in bundle.sizes or bundle.read(bag.TAG_MANIFEST) != verified.signed:
            raise BundleAltered("the bundle was changed while it was looked at: nothing was signed")
        there = bundle.read(where) if where in bundle.sizes else None
    if there == signature:
        return "unchanged"
    with room_for("the signature"):
        if path.is_dir():
            (path / bag.SIGNATURES).mkdir(exist_ok=True)
            write_atomically(path / where, signature)
        else:
            _into_zip(path, f"{bundle.name}/{where}", signature)
    return "signed" if there is None else "replaced"


def _into_zip(path: Path, name: str, signature: bytes) -> None:
    """The zip with this file, in place of the one without, or with another of that name."""
    with tempfile.TemporaryDirectory(dir=path.absolute().parent, prefix=".signing-") as scratch:
        made = Path(scratch, path.name)
        with zipfile.ZipFile(path) as old, zipfile.ZipFile(made, "w") as archive:
            for entry in old.infolist():
                if entry.filename != name:
                    archive.writestr(entry, old.read(entry), compresslevel=1)
            archive.writestr(entry_of(name), signature)
        sync_file(made)
        made.replace(path)
    sync_folder(path.absolute().parent)
