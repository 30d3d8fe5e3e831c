"""A bundle is its bytes: any that is changed is found and named, and the same input gives the same ones anywhere."""

from __future__ import annotations

import hashlib
import os
import random
import subprocess
import sys
from pathlib import Path

import pytest

from linkage import Workspace
from tests.lib import bundled

FLIPS = 1_000
#: Runs of a process of its own: zone, locale, hash seed, threads.
ELSEWHERE = (
    ("UTC", "C", "0", 1),
    ("Asia/Kathmandu", "C.UTF-8", "4242", 2),
)
EXPORT = """
import sys
from linkage import Workspace
for profile in ("internal", "partner", "public"):
    Workspace(sys.argv[1]).bundles.export(sys.argv[2], profile=profile, output=sys.argv[3], zipped=True)
"""


def test_every_one_of_a_thousand_flipped_bytes_is_found_and_its_file_is_named(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = bundled.copied(tmp_path_factory, "partner", tmp_path)
    chance = random.Random(7)
    files = sorted(file for file in path.rglob("*") if file.is_file() and file.stat().st_size)
    sizes = [file.stat().st_size for file in files]
    chosen = [*files, *chance.choices(files, sizes, k=FLIPS - len(files))]
    for file in chosen:
        good = file.read_bytes()
        at, bit = chance.randrange(len(good)), chance.randrange(8)
        file.write_bytes(good[:at] + bytes([good[at] ^ 1 << bit]) + good[at + 1 :])
        report = bundled.verified(tmp_path_factory, path)
        name = file.relative_to(path).as_posix()
        assert name in dict(report.faults), (name, at, bit)
        assert report.fault is not None
        assert report.fault.exit_code == 20
        file.write_bytes(good)
    assert bundled.verified(tmp_path_factory, path).fault is None


def test_the_same_input_gives_the_same_bytes_in_another_zone_locale_and_process(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    workspace, cluster = bundled.workspace(tmp_path_factory), bundled.cluster(tmp_path_factory)
    made = []
    for zone, locale, seed, threads in ELSEWHERE:
        copy = tmp_path / f"workspace-{threads}"
        subprocess.run(["cp", "-a", str(workspace.path), str(copy)], check=True)
        # Both get the key that pseudonyms are under, which is drawn at random where there is none.
        keys = copy / "keys" / "pseudonyms"
        keys.mkdir(exist_ok=True)
        name = hashlib.sha256(f"{cluster}\0".encode()).hexdigest()[:16]
        (keys / f"{name}.key").write_bytes(b"k" * 32)
        (copy / "linkage.toml").write_text(f"[engine]\nthreads = {threads}\n")
        folder = tmp_path / f"out-{threads}"
        subprocess.run(
            [sys.executable, "-c", EXPORT, str(copy), cluster, str(folder)],
            env={
                **os.environ,
                "TZ": zone,
                "LC_ALL": locale,
                "PYTHONHASHSEED": seed,
                "OMP_NUM_THREADS": str(threads),
                "NUMBA_NUM_THREADS": str(threads),
            },
            check=True,
        )
        made.append({file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in folder.iterdir()})
    assert len(made[0]) == 3
    assert made[0] == made[1]
    assert Workspace(copy).bundles.verify(next(folder.iterdir()), rerun=True).fault is None
