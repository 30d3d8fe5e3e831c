"""Real exports that are too large for this repository; they lie in ``../shared/data`` beside the checkout."""

from __future__ import annotations

from pathlib import Path

import pytest

#: Beside the checkout, so that it is the same for every clone.
REAL_DATA = Path(__file__).resolve().parents[2].parent / "shared" / "data"


def real_data(name: str) -> Path:
    """Path of the file or folder ``name`` of the real data; skips the calling test, with the reason, where absent."""
    path = REAL_DATA / name
    if not path.exists():
        pytest.skip(f"real data is not beside this checkout: ../shared/data/{name}")
    return path
