"""The truth table: what is read, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from linkage.errors import InputRefused, UsageError
from linkage.workspace.measuring import read_truth

HEADER = "account_id,group_id,group_kind,malicious\n"


@pytest.mark.parametrize("yes", ["true", "True", "TRUE", "1"])
def test_csv_is_read_as_text_and_a_boolean(tmp_path: Path, yes: str) -> None:
    path = tmp_path / "truth.csv"
    path.write_text(HEADER + f"007,g1,campaign,{yes}\n12,,ordinary,false\n", encoding="utf-8")
    truth = read_truth(path)
    assert truth["account_id"].tolist() == ["007", "12"]
    assert truth["group_id"].tolist() == ["g1", ""]
    assert truth["malicious"].tolist() == [True, False]


def test_parquet_says_the_same(tmp_path: Path) -> None:
    table = pa.table({"account_id": ["a"], "group_id": ["g"], "group_kind": ["k"], "malicious": [True], "more": [1]})
    pq.write_table(table, tmp_path / "truth.parquet")
    truth = read_truth(tmp_path / "truth.parquet")
    assert truth.columns.tolist() == ["account_id", "group_id", "group_kind", "malicious"]
    assert truth["malicious"].tolist() == [True]


@pytest.mark.parametrize(
    "content",
    [b"", b"account_id,group_id\na,b\n", HEADER.encode() + b"a,g,k,perhaps\n", HEADER.encode() + b"a,g\n", b"\xff\xfe"],
)
def test_what_is_no_truth_is_refused(tmp_path: Path, content: bytes) -> None:
    for name in ("truth.csv", "truth.parquet"):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(InputRefused, match=name):
            read_truth(tmp_path / name)


def test_a_file_that_is_not_there_is_a_wrong_call(tmp_path: Path) -> None:
    with pytest.raises(UsageError):
        read_truth(tmp_path / "truth.csv")


def test_an_account_has_one_truth(tmp_path: Path) -> None:
    path = tmp_path / "truth.csv"
    path.write_text(HEADER + "a,g,k,true\na,g,k,1\nb,g,k,false\n", encoding="utf-8")
    assert read_truth(path)["account_id"].tolist() == ["a", "b"]
    path.write_text(HEADER + "a,g,k,true\na,h,k,false\nb,g,k,false\n", encoding="utf-8")
    with pytest.raises(InputRefused, match="1 rows give an account another truth"):
        read_truth(path)
