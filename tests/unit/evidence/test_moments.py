"""A moment is the first slot of a session."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from linkage.evidence.moments import begun

active = st.lists(st.tuples(st.integers(0, 4), st.integers(2_900_000, 2_900_040)), unique=True, max_size=60)


@given(active)
def test_slots_begin_a_session_where_the_one_before_is_idle(slots: list[tuple[int, int]]) -> None:
    found = begun(*(np.array(column, np.int64) for column in (list(zip(*slots, strict=True)) or ([], []))))
    expected = sorted((account, slot) for account, slot in slots if (account, slot - 1) not in set(slots))
    assert list(zip(found.account.tolist(), found.slot.tolist(), strict=True)) == expected
    assert len(found.start) == 1 + max((account + 1 for account, _slot in slots), default=0)
