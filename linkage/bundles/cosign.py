"""The second signature of a bundle: by whoever approved its case, who looks at what another person exported."""

from __future__ import annotations

import json
import shutil
import tempfile
import zipfile
from pathlib import Path
from typing import Any

from linkage.bundles import bag, signing
from linkage.bundles.container import received
from linkage.bundles.export import entry_of
from linkage.bundles.signing import Key
from linkage.errors import UsageError
from linkage.stores.files import room_for, sync_file, sync_folder, write_atomically


def finding_of(path: Path) -> dict[str, Any]:
    """finding.json of the bundle at ``path``, which was verified before.

    Raises:
        BundleMalformed: there is no bundle.
    """
    with received(path) as bundle:
        found: dict[str, Any] = json.loads(bundle.read("data/finding.json"))
    return found


def cosign(path: Path, key: Key) -> bool:
    """Add the signature of ``key`` to the bundle at ``path``, a folder or a zip; whether it was not there yet.

    Raises:
        UsageError: the bundle does not name this key among those who must sign.
        BundleMalformed: there is no bundle.
        ConfigurationError: ssh-keygen is missing.
        TryAgain: the disk is full.
    """
    where = signing.path_of(key.fingerprint)
    with received(path) as bundle:
        if (key.principal, key.fingerprint) not in bag.signers(bundle.read(bag.INFO)):
            raise UsageError(
                "the bundle does not name your key among those who must sign",
                hint="Whoever approved a case signs its bundles, and whoever exported them.",
            )
        if where in bundle.sizes:
            return False
        signature = signing.sign(key, bundle.read(bag.TAG_MANIFEST))
    with room_for("the signature"):
        if path.is_dir():
            (path / bag.SIGNATURES).mkdir(exist_ok=True)
            write_atomically(path / where, signature)
        else:
            _into_zip(path, f"{bundle.name}/{where}", signature)
    return True


def _into_zip(path: Path, name: str, signature: bytes) -> None:
    """The zip with one file more, in place of the one without."""
    with tempfile.TemporaryDirectory(dir=path.absolute().parent, prefix=".signing-") as scratch:
        made = Path(scratch, path.name)
        shutil.copyfile(path, made)
        with zipfile.ZipFile(made, "a") as archive:
            archive.writestr(entry_of(name), signature)
        sync_file(made)
        made.replace(path)
    sync_folder(path.absolute().parent)
