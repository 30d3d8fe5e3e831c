"""The lake's manifest: the only point at which a write becomes visible."""

from __future__ import annotations

import json
from datetime import UTC, date
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from linkage.errors import SnapshotDamaged
from linkage.stores.lake import MANIFEST, PREPARING, Lake, Writing
from tests.lib.lakes import utc


def prepared(writing: Writing, *values: int) -> Path:
    path = writing.folder / "new.parquet"
    pq.write_table(pa.table({"value": list(values)}), path)
    return path


def test_an_absent_lake_is_empty(tmp_path: Path) -> None:
    view = Lake(tmp_path / "lake").view()
    assert (view.version, view.days(), view.latest_event_time, view.files("events")) == (0, (), None, ())
    assert "ip_address" in view.kinds
    assert not (tmp_path / "lake").exists()


def test_nothing_counts_before_the_commit(tmp_path: Path) -> None:
    lake = Lake(tmp_path / "lake")
    with lake.begin() as writing:
        moment = utc(2026, 4, 1, 12)
        entry = writing.place("events", prepared(writing, 1, 2), day=date(2026, 4, 1), last=moment, sums=(1, 2))
        assert lake.view().entries == ()
        view = writing.commit(kinds={"b", "a"}, next_id=7)
    assert lake.view() == view
    assert (view.version, view.kinds, view.next_id, view.days()) == (1, ("a", "b"), 7, (date(2026, 4, 1),))
    assert view.latest_event_time == moment.replace(tzinfo=UTC)
    assert view.rows("events") == entry.rows == 2
    (path,) = view.files("events")
    assert path.name == f"{entry.sha256}.parquet"
    assert path.parent.name == "day=2026-04-01"
    assert not (tmp_path / "lake" / PREPARING).exists()


def test_an_unfinished_write_is_removed_by_the_next(tmp_path: Path) -> None:
    lake = Lake(tmp_path / "lake")
    writing = lake.begin()
    writing.place("events", prepared(writing, 1), day=date(2026, 4, 1))
    leftover = next((tmp_path / "lake" / "events").rglob("*.parquet"))
    (tmp_path / "lake" / PREPARING / "half").write_text("x")
    with lake.begin():
        assert not leftover.exists()
        assert list((tmp_path / "lake" / PREPARING).iterdir()) == []
    assert lake.view().version == 0


def test_superseded_files_stay_for_readers_until_the_write_after_next(tmp_path: Path) -> None:
    lake = Lake(tmp_path / "lake")
    with lake.begin() as writing:
        writing.place("identities", prepared(writing, 1))
        writing.commit()
    reader = lake.view()
    with lake.begin() as writing:
        writing.drop(writing.pending("identities"))
        writing.place("identities", prepared(writing, 2))
        writing.commit()
    (old,) = reader.files("identities")
    assert old.exists()
    with lake.begin():
        assert not old.exists()
    with pytest.raises(SnapshotDamaged):
        reader.files("identities")


def test_a_commit_without_change_writes_nothing(tmp_path: Path) -> None:
    lake = Lake(tmp_path / "lake")
    with lake.begin() as writing:
        writing.place("identities", prepared(writing, 1))
        first = writing.commit()
        before = (lake.root / MANIFEST).stat().st_mtime_ns
        assert writing.commit() == first
    assert (lake.root / MANIFEST).stat().st_mtime_ns == before


def test_a_flipped_byte_is_found_before_the_first_reading(tmp_path: Path) -> None:
    lake = Lake(tmp_path / "lake")
    with lake.begin() as writing:
        writing.place("identities", prepared(writing, 1))
        view = writing.commit()
    path = lake.root / view.of("identities")[0].path
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    with pytest.raises(SnapshotDamaged, match="identities"):
        view.files("identities")


@pytest.mark.parametrize("change", ["version", "text", "cut"])
def test_a_manifest_that_was_changed_is_refused(tmp_path: Path, change: str) -> None:
    lake = Lake(tmp_path / "lake")
    with lake.begin() as writing:
        writing.place("identities", prepared(writing, 1))
        writing.commit()
    path = lake.root / MANIFEST
    if change == "version":
        kept = json.loads(path.read_bytes())
        kept["manifest"]["version"] = 9
        path.write_text(json.dumps(kept))
    else:
        path.write_text("{}" if change == "text" else path.read_text()[:-9])
    with pytest.raises(SnapshotDamaged, match=MANIFEST):
        lake.view()


def test_the_digest_adds_up_over_files_and_days(tmp_path: Path) -> None:
    one, two = Lake(tmp_path / "one"), Lake(tmp_path / "two")
    day = date(2026, 4, 1)
    with one.begin() as writing:
        writing.place("events", prepared(writing, 1, 2, 3), day=day, sums=(10, 2**128 - 1))
        whole = writing.commit()
    with two.begin() as writing:
        writing.place("events", prepared(writing, 3), day=day, sums=(4, 1))
        writing.place("events", prepared(writing, 2, 1), day=day, sums=(6, 2**128 - 2))
        split = writing.commit()
    assert whole.digest() == split.digest()
    assert whole.digest(first=date(2026, 4, 2)) != whole.digest()
    assert whole.digest(first=date(2026, 4, 2)) == Lake(tmp_path / "empty").view().digest()


def test_an_unknown_table_is_a_fault_of_the_caller(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="nothing"):
        Lake(tmp_path / "lake").view().files("nothing")
