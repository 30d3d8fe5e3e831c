"""Bundles that were made to hurt whoever opens them: refused before anything is read as content, or written."""

from __future__ import annotations

import os
import random
import stat
import zipfile
from pathlib import Path

import pytest

from linkage import Workspace
from linkage.errors import BundleMalformed
from tests.lib import bundled

NAME = "LNK-c-0123456789ab-1-internal"


def refused(path: Path, match: str) -> None:
    """The bundle is refused with exit code 23, and no file appears anywhere beside it."""
    before = sorted(path.parent.rglob("*"))
    with pytest.raises(BundleMalformed, match=match) as fault:
        Workspace(path.parent / "none").bundles.verify(path)
    assert fault.value.exit_code == 23
    assert sorted(path.parent.rglob("*")) == before


def zipped(path: Path, *names: str, data: bytes = b"x", mode: int = stat.S_IFREG | 0o644) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in names:
            entry = zipfile.ZipInfo(name)
            entry.external_attr = mode << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, data)
    return path


@pytest.mark.parametrize(
    "name",
    [
        f"{NAME}/../../evil.txt",
        f"{NAME}/data/../../evil.txt",
        f"{NAME}//evil.txt",
        f"{NAME}/.hidden",
        f"{NAME}/C:evil.txt",
        f"{NAME}/data\\evil.txt",
        f"{NAME}/data/evil\u202etxt",
        f"{NAME}/a/b/c/d/e.txt",
    ],
)
def test_names_that_lead_elsewhere(tmp_path: Path, name: str) -> None:
    refused(zipped(tmp_path / "b.zip", f"{NAME}/bagit.txt", name), "name that no bundle has|hidden characters")


@pytest.mark.parametrize("name", ["/etc/passwd", "../evil.txt", "other/bagit.txt"])
def test_a_zip_of_anything_but_one_bundle_folder(tmp_path: Path, name: str) -> None:
    refused(zipped(tmp_path / "b.zip", f"{NAME}/bagit.txt", name), "one folder")


def test_links_in_a_zip(tmp_path: Path) -> None:
    refused(zipped(tmp_path / "b.zip", f"{NAME}/bagit.txt", mode=stat.S_IFLNK | 0o777, data=b"/etc/passwd"), "a link")


def test_a_name_that_stands_twice(tmp_path: Path) -> None:
    with pytest.warns(UserWarning, match="Duplicate name"):
        path = zipped(tmp_path / "b.zip", f"{NAME}/bagit.txt", f"{NAME}/bagit.txt")
    refused(path, "twice")


def test_names_that_are_one_on_another_system(tmp_path: Path) -> None:
    refused(zipped(tmp_path / "b.zip", f"{NAME}/bagit.txt", f"{NAME}/BagIt.txt"), "one on other systems")


def test_a_bomb(tmp_path: Path) -> None:
    refused(zipped(tmp_path / "b.zip", f"{NAME}/bagit.txt", data=b"\0" * 30_000_000), "far more than it can")


def test_too_many_files(tmp_path: Path) -> None:
    refused(zipped(tmp_path / "b.zip", *(f"{NAME}/data/f{number}" for number in range(501))), "more than any bundle")


def test_files_that_lie_over_each_other(tmp_path: Path) -> None:
    """The trick of the smallest bombs: many entries of the directory point at the same bytes."""
    path = zipped(tmp_path / "b.zip", f"{NAME}/bagit.txt", data=os.urandom(10_000))
    raw = path.read_bytes()
    start = raw.index(b"PK\x01\x02")
    end = raw.index(b"PK\x05\x06")
    entry, tail = raw[start:end], bytearray(raw[end:])
    copies = [entry.replace(b"bagit.txt", f"bagi{number}.txt".encode()) for number in range(9)]
    directory = b"".join(copies)
    tail[8:12] = len(copies).to_bytes(2, "little") * 2
    tail[12:16] = len(directory).to_bytes(4, "little")
    path.write_bytes(raw[:start] + directory + bytes(tail))
    refused(path, "lie over each other")


def test_a_zip_that_says_less_than_it_holds(tmp_path: Path) -> None:
    path = zipped(tmp_path / "b.zip", f"{NAME}/bagit.txt", data=b"0123456789" * 50)
    raw = bytearray(path.read_bytes())
    at = raw.index(b"PK\x01\x02") + 24
    raw[at : at + 4] = (7).to_bytes(4, "little")
    path.write_bytes(bytes(raw))
    refused(path, "cannot be read|not as long")


@pytest.mark.parametrize("flags", [0x1, 0x20, 0x40])
def test_an_entry_that_is_encrypted_or_a_patch_of_another_file(tmp_path: Path, flags: int) -> None:
    path = zipped(tmp_path / "b.zip", f"{NAME}/bagit.txt")
    raw = bytearray(path.read_bytes())
    raw[raw.index(b"PK\x01\x02") + 8] |= flags
    path.write_bytes(bytes(raw))
    refused(path, "encrypted|compressed in a way")


def test_a_name_that_is_no_text_where_its_data_begin(tmp_path: Path) -> None:
    """The entry's own header says UTF-8, and its name is none; the directory at the end is as it should be."""
    path = zipped(tmp_path / "b.zip", f"{NAME}/bagit.txt")
    raw = bytearray(path.read_bytes())
    assert raw.startswith(b"PK\x03\x04")
    raw[7] |= 0x08
    raw[30] = 0xFF
    path.write_bytes(bytes(raw))
    refused(path, "cannot be read")


def test_whatever_happens_to_a_zip_is_an_exit_code_and_good_is_only_what_holds_the_same(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Bits of the zip's own fields flip: some say nothing about its files, such as their date."""
    source = bundled.exported(tmp_path_factory, "public")
    path = tmp_path / f"{source.name}.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in sorted(source.rglob("*")):
            if file.is_file():
                archive.write(file, f"{source.name}/{file.relative_to(source).as_posix()}")
    good = path.read_bytes()
    directory = good.index(b"PK\x01\x02")
    chance, codes = random.Random(7), set()
    for number in range(400):
        at = chance.randrange(directory if number % 4 else 0, len(good))
        path.write_bytes(good[:at] + bytes([good[at] ^ 1 << chance.randrange(8)]) + good[at + 1 :])
        try:
            fault = bundled.verified(tmp_path_factory, path).fault
        except BundleMalformed as malformed:
            fault = malformed
        codes.add(0 if fault is None else fault.exit_code)
        if fault is None:
            with zipfile.ZipFile(path) as archive:
                held = {name.partition("/")[2]: archive.read(name) for name in archive.namelist()}
            assert held == {name: (source / name).read_bytes() for name in held}
            assert len(held) == sum(file.is_file() for file in source.rglob("*"))
    assert 0 in codes
    assert 23 in codes
    assert codes <= {0, 20, 21, 23}


@pytest.mark.parametrize("data", [b"", b"PK\x05\x06", b"not a zip", b"PK\x03\x04" + b"\0" * 100])
def test_what_is_no_zip(tmp_path: Path, data: bytes) -> None:
    (path := tmp_path / "b.zip").write_bytes(data)
    refused(path, "neither a folder nor a zip")


def test_a_link_in_a_folder_and_a_folder_that_is_a_link(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = bundled.copied(tmp_path_factory, "public", tmp_path)
    (path / "data" / "link.txt").symlink_to("/etc/hostname")
    refused(path, "a link")
    (path / "data" / "link.txt").unlink()
    (tmp_path / "alias").symlink_to(path)
    refused(tmp_path / "alias", "no bundle at that path")
    os.mkfifo(path / "data" / "pipe")
    refused(path, "not a plain file")


def test_a_signer_whose_name_would_steer_a_terminal(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    path = bundled.copied(tmp_path_factory, "public", tmp_path)
    info = path / "bag-info.txt"
    info.write_text(info.read_text().replace("Required-Signer: ", "Required-Signer: \x1b[2J"))
    report = bundled.verified(tmp_path_factory, path)
    assert report.fault is not None
    assert "\x1b" not in f"{report.fault.message}{report.signers}{report.faults}"
