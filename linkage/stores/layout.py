"""The workspace folder itself: its version, its key, and where everything in it stands."""

from __future__ import annotations

import secrets
from pathlib import Path

from linkage.errors import ConfigurationError
from linkage.stores.files import create_once, room_for

#: What VERSION holds. Another layout gets another number and a migration.
LAYOUT = "linkage.workspace/1"
_KEY_BYTES = 32
#: What a workspace without VERSION must not contain: it would be one that lost it.
_CONTENT = ("lake", "snapshots", "CURRENT", "casework.sqlite", "CASEWORK")


class Layout:
    """Paths of a workspace at ``root``; nothing is touched before ``create``."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.settings = root / "linkage.toml"
        self.version = root / "VERSION"
        self.key = root / "secret.key"
        self.lake = root / "lake"
        self.snapshots = root / "snapshots"
        self.casework = root / "casework.sqlite"
        #: There where the casework is in a server.
        self.casework_elsewhere = root / "CASEWORK"
        self.keys = root / "keys"
        self.pseudonym_keys = self.keys / "pseudonyms"
        self.exchange_keys = self.keys / "exchange"
        self.bundles = root / "bundles"
        self.refresh_lock = root / "refresh.lock"
        self.write_lock = root / "write.lock"
        self.schedule_lock = root / "schedule.lock"

    @property
    def exists(self) -> bool:
        """Whether this is a workspace already."""
        return self.version.exists()

    @property
    def is_workspace(self) -> bool:
        """Whether a linkage of any version has made this its workspace."""
        return self.version.is_file() and self.version.read_bytes().startswith(LAYOUT.partition("/")[0].encode("ascii"))

    def check(self) -> None:
        """Raise unless there is no workspace here yet, or one of the layout that this linkage knows.

        Raises:
            ConfigurationError: another layout, or the remains of one, or the path is not a folder.
        """
        if self.root.exists() and not self.root.is_dir():
            raise ConfigurationError("the workspace path is not a folder", hint="Choose another --workspace.")
        if self.exists:
            found = self.version.read_text(encoding="ascii", errors="replace").strip()
            if found != LAYOUT:
                raise ConfigurationError(
                    f"VERSION of the workspace is not {LAYOUT}", hint="Use the version of linkage that made it."
                )
        elif any((self.root / name).exists() for name in _CONTENT):
            raise ConfigurationError(
                "the workspace has content and no VERSION file", hint="Restore a backup, or choose another folder."
            )

    def create(self) -> None:
        """Make the folder, its version and its key, where they are missing.

        Raises:
            ConfigurationError: another layout stands there, or the path is not a folder.
            TryAgain: the disk is full.
        """
        self.check()
        with room_for("the workspace"):
            self.root.mkdir(parents=True, exist_ok=True)
            if not self.exists:
                # The version comes last: a workspace that has one is complete.
                create_once(self.key, secrets.token_bytes(_KEY_BYTES), mode=0o600)
                create_once(self.version, f"{LAYOUT}\n".encode("ascii"))

    def read_key(self) -> bytes:
        """The workspace's secret key, 32 bytes.

        Raises:
            ConfigurationError: it is missing or cut.
        """
        fault = self.key_fault()
        if fault is not None:
            raise ConfigurationError(fault, hint="Restore secret.key from a backup.")
        return self.key.read_bytes()

    def key_fault(self) -> str | None:
        """What is wrong with secret.key; None when nothing is."""
        if not self.key.exists():
            return "secret.key is missing"
        if self.key.stat().st_size != _KEY_BYTES:
            return f"secret.key is not {_KEY_BYTES} bytes long"
        return None
