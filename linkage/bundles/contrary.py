"""What speaks against a finding, or limits it, as one list for people."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from linkage.bundles import tables as describe

if TYPE_CHECKING:
    import pyarrow


def contrary(
    left_out: pyarrow.Table, names: Sequence[str], evidence: pyarrow.Table, terms: pyarrow.Table
) -> pyarrow.Table:
    """Accounts left out (called ``names``), infrastructure shared with many outside, and terms against abuse."""
    import pyarrow

    shares, reasons = left_out["membership"].to_pylist(), left_out["reason"].to_pylist()
    rows = [
        ("account left out", name, share, reason) for name, share, reason in zip(names, shares, reasons, strict=True)
    ]
    for row in evidence.select(["role", "kind", "members_on", "degree", "value"]).to_pylist():
        if row["role"] != "evidence":
            reason = f"{row['kind']}: {row['members_on']} members use it, and {row['degree']} accounts in all"
            rows.append(("shared infrastructure", row["value"], float(row["degree"]), reason))
    for row in terms.to_pylist():
        if row["points"] < 0:
            rows.append(("term against abuse", row["term"], row["points"], row["sentence"]))
    columns = list(zip(*rows, strict=True)) or [(), (), (), ()]
    types = (pyarrow.string(), pyarrow.string(), pyarrow.float64(), pyarrow.string())
    return pyarrow.table(
        {
            name: pyarrow.array(column, type_)
            for name, column, type_ in zip(describe.CONTRARY.names, columns, types, strict=True)
        }
    )
