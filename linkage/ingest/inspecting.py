"""The first look at a file: its digest, whether it is whole, and how many records it must give."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import pyarrow as pa
import pyarrow.parquet as pq

from linkage.ingest.counting import CsvCount, LineCount, TextCheck
from linkage.ingest.discovery import Candidate, Compression, Format
from linkage.ingest.rules import Refusal

_BLOCK = 4 << 20
_BOM = b"\xef\xbb\xbf"
_MAGIC: dict[Compression, tuple[bytes, ...]] = {
    "gzip": (b"\x1f\x8b",),
    # A frame, or a skippable frame before it.
    "zstd": (b"\x28\xb5\x2f\xfd", *(bytes([n]) + b"\x2a\x4d\x18" for n in range(0x50, 0x60))),
}
#: What the Parquet reader raises over a damaged file; a damaged name is a ValueError.
PARQUET_FAULTS = (pa.ArrowException, OSError, ValueError)
_UTF_16_OR_32 = (b"\xff\xfe", b"\xfe\xff", b"\x00\x00\xfe\xff")


@dataclass(frozen=True, slots=True)
class Inspected:
    """A file that can be read. ``records`` is the independent count; ``longest`` its longest record, bytes."""

    path: Path
    name: str
    format: Format
    compression: Compression | None
    digest: str
    records: int
    longest: int
    header: bytes
    body: int
    identity: tuple[int, int, int, int]


def digest_of(candidate: Candidate) -> str:
    """SHA-256 of the file's bytes, hex.

    Raises:
        Refusal: the file cannot be read.
    """
    sha = hashlib.sha256()
    with readable(), candidate.path.open("rb") as stream:
        while block := stream.read(_BLOCK):
            sha.update(block)
    return sha.hexdigest()


def identity_of(path: Path) -> tuple[int, int, int, int]:
    """What changes when a file is written to or replaced: device, inode, size, modification time."""
    with readable():
        stat = path.stat()
    return stat.st_dev, stat.st_ino, stat.st_size, stat.st_mtime_ns


def inspect(candidate: Candidate, digest: str, identity: tuple[int, int, int, int]) -> Inspected:
    """Read the whole file once and count its records.

    Raises:
        Refusal: the file is cut off, damaged, empty, not text in UTF-8, has a misplaced quote, or is not what its
            name says.
    """
    if candidate.format is None:
        raise Refusal("file.unknown_format")
    with readable(), candidate.path.open("rb") as stream:
        head = stream.read(8)
    if not head:
        raise Refusal("file.empty")
    if candidate.compression is not None and not head.startswith(_MAGIC[candidate.compression]):
        raise Refusal("file.wrong_content", f"it does not start as {candidate.compression} does")
    if candidate.format == "parquet":
        records, longest, header, body = _parquet_records(candidate), 0, b"", 0
    elif candidate.format == "csv":
        records, longest, header, body = _csv_records(candidate)
    else:
        records, longest, header, body = *_json_records(candidate), b"", 0
    return Inspected(
        candidate.path,
        candidate.name,
        candidate.format,
        candidate.compression,
        digest,
        records,
        longest,
        header,
        body,
        identity,
    )


@contextmanager
def readable() -> Iterator[None]:
    """Turn faults of reading and decompressing into a refusal of the file."""
    try:
        yield
    except FileNotFoundError as fault:
        raise Refusal("file.missing") from fault
    except OSError as fault:
        if fault.errno is not None:
            raise Refusal("file.unreadable", os.strerror(fault.errno)) from fault
        # The decompressors say so without a number.
        raise Refusal("file.truncated", "it cannot be decompressed to its end") from fault
    except EOFError as fault:
        raise Refusal("file.truncated") from fault


def open_bytes(path: Path, compression: Compression | None) -> IO[bytes]:
    """The file's content as a stream of bytes, decompressed in memory: plain text never reaches the disk."""
    if compression is None:
        plain: IO[bytes] = pa.OSFile(str(path))
        return plain
    stream: IO[bytes] = pa.CompressedInputStream(pa.OSFile(str(path)), compression)
    return stream


def open_parquet(path: Path, compression: Compression | None) -> pq.ParquetFile:
    """The Parquet file, decompressed into memory where it was compressed as a whole.

    Raises:
        Refusal: it is not a whole Parquet file.
    """
    with readable():
        if compression is None:
            with path.open("rb") as stream:
                head = stream.read(4)
                stream.seek(max(-4, -path.stat().st_size), os.SEEK_END)
                tail = stream.read(4)
            source: object = str(path)
        else:
            with open_bytes(path, compression) as packed:
                content = packed.read()
            head, tail, source = content[:4], content[-4:], pa.BufferReader(content)
        if head != b"PAR1":
            raise Refusal("file.wrong_content", "it does not start as Parquet does")
        if tail != b"PAR1":
            raise Refusal("file.truncated", "the Parquet footer is not there")
        try:
            # Where the writer has left checksums of its pages, they are checked.
            return pq.ParquetFile(source, page_checksum_verification=True, arrow_extensions_enabled=True)
        except PARQUET_FAULTS as fault:
            raise Refusal("file.truncated", "the Parquet footer cannot be read") from fault


def _parquet_records(candidate: Candidate) -> int:
    with open_parquet(candidate.path, candidate.compression) as file:
        metadata = file.metadata
        rows: int = metadata.num_rows
        try:
            in_groups = sum(metadata.row_group(index).num_rows for index in range(metadata.num_row_groups))
        except PARQUET_FAULTS as fault:
            raise Refusal("file.truncated", "the Parquet footer cannot be read") from fault
        if rows != in_groups:
            raise Refusal("file.truncated", "the Parquet footer contradicts itself")
        return rows


def _csv_records(candidate: Candidate) -> tuple[int, int, bytes, int]:
    count, check = CsvCount(), TextCheck()
    header = b""
    offset = 0
    try:
        for block, skipped in _text_blocks(candidate, check):
            offset += skipped
            if count.first_end is None:
                header += block
            count.feed(block)
        count.finish()
    except Refusal as refusal:
        refusal.read = max(count.records - 1, 0)
        raise
    if count.first_end is None:
        raise Refusal("file.empty")
    return count.records - 1, count.longest, header[: count.first_end], offset + count.first_end


def _json_records(candidate: Candidate) -> tuple[int, int]:
    count, check = LineCount(), TextCheck()
    first = b""
    for block, _ in _text_blocks(candidate, check):
        first = first or block.lstrip()[:1]
        count.feed(block)
    count.finish()
    if count.records == 0:
        raise Refusal("file.empty")
    if first == b"[":
        raise Refusal("file.wrong_content", "it starts a JSON list; one object a line is needed")
    return count.records, count.longest


def _text_blocks(candidate: Candidate, check: TextCheck) -> Iterator[tuple[bytes, int]]:
    """Blocks of text without a byte order mark, each with the number of bytes skipped before it."""
    with readable(), open_bytes(candidate.path, candidate.compression) as stream:
        block = stream.read(_BLOCK)
        if not block:
            raise Refusal("file.empty")
        if block.startswith(_UTF_16_OR_32):
            raise Refusal("file.encoding", "it starts with the mark of UTF-16 or UTF-32")
        if block.startswith(b"PAR1"):
            raise Refusal("file.wrong_content", "it is a Parquet file")
        skipped = len(_BOM) if block.startswith(_BOM) else 0
        while block:
            check.feed(block)
            yield block[skipped:], skipped
            skipped = 0
            block = stream.read(_BLOCK)
        check.feed(b"", final=True)
