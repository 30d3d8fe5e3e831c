"""Verdicts that contradict each other say one thing, by rule."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from linkage.model.decided import NOTHING_DECIDED, Ruling, decided, uncased
from linkage.model.verdict import Verdict

START = datetime(2026, 4, 1, tzinfo=UTC)


def ruling(day: int, about: str, verdict: Verdict = Verdict.CONFIRMED, out: str = "", **more: object) -> Ruling:
    """A verdict of ``day`` about accounts that are letters."""
    numbers = (frozenset(map(ord, letters)) for letters in (about, out))
    at = START + timedelta(days=day)
    return Ruling(f"k-{day}", f"c-{day}", verdict, at, f"scope {day}", *numbers, **more)  # type: ignore[arg-type]


def groups(*rulings: Ruling) -> list[tuple[str, str, str]]:
    return [
        (one.case_id, *("".join(map(chr, sorted(accounts))) for accounts in (one.accounts, one.apart)))
        for one in decided(rulings).confirmed
    ]


def test_nothing_is_said_where_nothing_is_confirmed() -> None:
    assert decided([]) == NOTHING_DECIDED
    assert decided([ruling(1, "abc", Verdict.BENIGN), ruling(2, "def", Verdict.RESELLER)]) == NOTHING_DECIDED
    assert NOTHING_DECIDED.digest == ""


def test_excluded_benign_and_compromised_accounts_are_kept_apart_and_others_are_not() -> None:
    said = [
        ruling(1, "abc", out="x"),
        ruling(2, "mn", Verdict.BENIGN, out="o"),
        ruling(3, "p", Verdict.COMPROMISED),
        ruling(4, "qr", Verdict.RESELLER),
        ruling(5, "s", Verdict.INCONCLUSIVE),
    ]
    assert groups(*said) == [("k-1", "abc", "mnpx")]
    assert decided(said).looked_at == frozenset(map(ord, "abcxmnop"))


def test_the_later_verdict_has_whom_both_name() -> None:
    assert groups(ruling(1, "abcd"), ruling(2, "ab", Verdict.BENIGN)) == [("k-1", "cd", "ab")]
    assert groups(ruling(2, "abcd"), ruling(1, "ab", Verdict.BENIGN)) == [("k-2", "abcd", "")]
    assert decided([ruling(1, "abcd"), ruling(2, "ab", Verdict.BENIGN)]).conflicts == 2
    assert decided([ruling(1, "abcd"), ruling(2, "ab")]).conflicts == 0, "two confirmed ones do not contradict"


def test_confirmed_operators_stay_apart_unless_a_later_verdict_takes_most_of_an_earlier_one() -> None:
    assert groups(ruling(1, "abcd"), ruling(2, "dxyz")) == [("k-2", "dxyz", "abc"), ("k-1", "abc", "dxyz")]
    assert groups(ruling(1, "abcd"), ruling(2, "bcdxyz")) == [("k-2", "abcdxyz", "")]
    # Excluded by the verdict that takes over: the earlier one does not bring it back.
    assert groups(ruling(1, "abcd"), ruling(2, "bcdxyz", out="a")) == [("k-2", "bcdxyz", "a")]
    # Whom an earlier verdict left out, a later one may have in.
    assert groups(ruling(1, "abc", out="x"), ruling(2, "abcx")) == [("k-2", "abcx", "")]


def test_what_was_the_own_of_an_overruled_verdict_is_watched_no_more() -> None:
    traces = {7: frozenset({ord("z")})}
    confirmed, other = ruling(1, "abcd", traces=traces), ruling(1, "mn")
    assert set(decided([confirmed, other]).traces) == {7}
    assert set(decided([confirmed, ruling(2, "a", Verdict.BENIGN)]).traces) == {7}, "most of it still stands"
    assert not decided([confirmed, other, ruling(2, "abc", Verdict.BENIGN)]).traces
    assert set(decided([confirmed, ruling(2, "abcdef")]).traces) == {7}, "taken over by another confirmed one"


def test_a_verdict_whose_members_cannot_be_read_is_named_and_changes_the_digest() -> None:
    one, other = decided([ruling(1, "", read=False)]), decided([ruling(1, "abc")])
    assert (one.unread, one.confirmed) == (("k-1",), ())
    assert one.digest != other.digest


def test_others_are_told_no_case() -> None:
    assert uncased("kept apart by the verdict of case k-0123456789ab") == "kept apart by the verdict of a case"
    assert uncased("the own of case k-1 and case k-2, confirmed") == "the own of a case and a case, confirmed"
