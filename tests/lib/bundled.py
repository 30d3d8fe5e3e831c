"""Bundles of the fixture's workspaces, exported once a session and copied before a test alters them."""

from __future__ import annotations

import functools
import shutil
from pathlib import Path

import pytest

from linkage import Workspace
from linkage.model.reports import BundleReport
from tests.lib.refreshed import taken_in

PROFILES = ("internal", "partner", "public")
#: An exchange key, 32 bytes.
EXCHANGE = b"exchange-key-for-tests-32-bytes!"


def workspace(factory: pytest.TempPathFactory) -> Workspace:
    """The fixture's workspace with a key to sign with; made once a session."""
    return _workspace(factory.getbasetemp())


@functools.cache
def _workspace(base: Path) -> Workspace:
    made = taken_in(base / "bundled", "proxy_pool")
    assert made.refresh(window="all").status == "new"
    made.bundles.new_key()
    return made


def cluster(factory: pytest.TempPathFactory) -> str:
    """The cluster of the first rank."""
    return str(workspace(factory).clusters()["cluster_id"][0])


def exported(factory: pytest.TempPathFactory, profile: str) -> Path:
    """A bundle of the first cluster, only to be read."""
    return _exported(factory.getbasetemp(), profile, cluster(factory))


@functools.cache
def _exported(base: Path, profile: str, name: str) -> Path:
    (key := base / "exchange.key").write_bytes(EXCHANGE)
    made = _workspace(base).bundles.export(
        name,
        profile=profile,
        output=base / "bundles",
        recipient="a partner",
        exchange_key=None if profile == "public" else key,
    )
    return made.path


def copied(factory: pytest.TempPathFactory, profile: str, folder: Path) -> Path:
    """A copy of it to alter."""
    source = exported(factory, profile)
    return Path(shutil.copytree(source, folder / source.name))


def verified(factory: pytest.TempPathFactory, path: Path, *, rerun: bool = False) -> BundleReport:
    """The bundle at ``path`` as a stranger checks it, who was given the list of signers and has no workspace."""
    signers = workspace(factory).path / "keys" / "allowed_signers"
    return Workspace(factory.getbasetemp() / "nowhere").bundles.verify(path, rerun=rerun, allowed_signers=signers)
