"""Files that take several steps: what came of them can be taken back as a whole."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from linkage.ingest import intake, reading
from tests.lib.lakes import check_reconciled, csv_file, digest, names, rows, take

HEADER = "event_id,event_time,account_id,device_id"


@pytest.fixture(autouse=True)
def _short_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(intake, "UNIT_ROWS", 100)
    monkeypatch.setattr(reading, "CHUNK_ROWS", 50)
    monkeypatch.setattr(reading, "BATCH_ROWS", 25)


def damaged(path: Path) -> Path:
    """A Parquet file of 1,000 rows of which the last pages are damaged: most of it is read before that shows."""
    rows_ = [
        {
            "event_id": f"e{n}",
            "event_time": "2026-04-01T00:00:00Z",
            "account_id": f"bad{n}",
            "device_id": f"x{n * 7919}",
        }
        for n in range(1_000)
    ]
    pq.write_table(pa.Table.from_pylist(rows_), path, row_group_size=100, compression="zstd")
    metadata = pq.read_metadata(path).row_group(9).column(2)
    content = bytearray(path.read_bytes())
    begin = metadata.dictionary_page_offset or metadata.data_page_offset
    content[begin : begin + 60] = b"\xff" * 60
    path.write_bytes(content)
    return path


def test_a_file_that_turns_out_damaged_late_leaves_nothing(tmp_path: Path) -> None:
    before = csv_file(tmp_path / "1.csv", HEADER, *(f"e{n},2026-04-01T00:00:00Z,a,d{n}" for n in range(150)))
    bad = damaged(tmp_path / "2.parquet")
    after = csv_file(tmp_path / "3.csv", HEADER, *(f"e{n},2026-04-01T00:00:00Z,a,d{n}" for n in range(100, 300)))
    report = take(tmp_path / "lake", before, bad, after)
    assert [file.refused for file in report.files] == [None, "file.truncated", None]
    assert [(file.accepted, file.duplicate) for file in report.files] == [(150, 0), (0, 0), (150, 50)]
    assert report.files[1].read == 1_000
    check_reconciled(tmp_path / "lake")
    assert not [value for value in names(tmp_path / "lake").values() if value.startswith(("bad", "x"))]
    take(tmp_path / "other", before, after)
    assert digest(tmp_path / "lake") == digest(tmp_path / "other")


def test_checksums_of_pages_are_checked_where_there_are_some(tmp_path: Path) -> None:
    path = tmp_path / "1.parquet"
    table = pa.table({"event_time": ["2026-04-01T00:00:00Z"] * 9, "account_id": [f"account-{n}" for n in range(9)]})
    pq.write_table(table, path, write_page_checksum=True, compression="none", use_dictionary=False)
    path.write_bytes(path.read_bytes().replace(b"account-7", b"account-8"))
    assert take(tmp_path / "lake", path).files[0].refused == "file.truncated"


def test_conflicts_and_quarantine_reach_over_steps(tmp_path: Path) -> None:
    lines = [f"e{n % 300},2026-04-01T00:00:00Z,a{n % 300},d{n // 300}" for n in range(900)]
    lines[::90] = ["x,broken,a,d"] * 10
    report = take(tmp_path / "lake", csv_file(tmp_path / "1.csv", HEADER, *lines))
    (file,) = report.files
    assert file.read == 900
    assert file.accepted == len(rows(tmp_path / "lake", "events")) == 300
    assert file.rules == {"conflicting_event_id": 590, "event_time.invalid": 10}
    check_reconciled(tmp_path / "lake")
