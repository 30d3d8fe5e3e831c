"""What was dismissed comes back when what speaks for abuse has changed materially, and says what has."""

from __future__ import annotations

import pytest

from linkage.model.dismissal import Look, changed

THEN = Look(frozenset(range(20)), 2, {"payment": 1.5, "timing": 0.4})


def look(members: range = range(20), tier: int = 2, **kinds: float) -> Look:
    return Look(frozenset(members), tier, {**THEN.kinds, **kinds})


@pytest.mark.parametrize(
    ("now", "why"),
    [
        (look(), []),
        (look(range(30)), []),
        (look(range(31)), ["it has 31 members, and had 20"]),
        (look(range(10, 30)), []),
        (look(range(11, 31)), ["11 of its 20 members are not those that people looked at"]),
        (look(tier=3), []),
        (look(tier=1), ["it is in tier 1, and was in tier 2"]),
        (look(payment=4.0), []),
        (look(timing=1.2), []),
        (look(timing=1.5), ["evidence of the kind timing gives +1.5 points, and gave +0.4"]),
        (look(watch_list=0.9), []),
        (look(watch_list=1.0), ["evidence of the kind watch_list gives +1.0 points, and gave +0.0"]),
    ],
)
def test_only_what_is_material_brings_it_back(now: Look, why: list[str]) -> None:
    assert list(changed(THEN, now, 1.0)) == why


def test_everything_that_changed_is_told() -> None:
    assert len(changed(THEN, look(range(15, 60), tier=1, followers=3.0), 1.0)) == 4
