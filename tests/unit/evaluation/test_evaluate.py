"""Members and truth as tables → figures of linkage and of simpler methods."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from linkage.evaluation import Edges, Evaluation, Measured, evaluate


def truth(**groups: tuple[str, str, bool]) -> pd.DataFrame:
    """``name="kind group malicious"`` rows: account, group, kind of group, malicious."""
    rows = [(account, *what) for account, what in groups.items()]
    return pd.DataFrame(rows, columns=["account_id", "group_id", "group_kind", "malicious"])


def members(*rows: tuple[str, str, float, float, bool]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["account_id", "cluster_id", "membership", "cluster_score", "flagged"])


RING = {f"r{at}": ("g1", "ring", True) for at in range(4)}
OFFICE = {f"o{at}": ("g2", "office", False) for at in range(3)}
LONE = {f"l{at}": ("", "ordinary", False) for at in range(5)}
TRUTH = truth(**RING, **OFFICE, **LONE)
MEMBERS = members(
    *((f"r{at}", "c-1", 0.9, 0.8, True) for at in range(3)),
    ("l0", "c-1", 0.6, 0.8, True),
    *((f"o{at}", "c-2", 0.9, 0.1, False) for at in range(3)),
)


def mine(evaluation: Evaluation) -> Measured:
    assert evaluation.methods[0].method == "linkage"
    return evaluation.methods[0]


def test_linkage_is_measured_by_the_contract() -> None:
    measured = mine(evaluate(MEMBERS, TRUTH))
    assert measured.precision == pytest.approx(3 / 4)
    assert measured.recall == pytest.approx(3 / 4)
    assert measured.f1 == pytest.approx(3 / 4)
    assert (measured.campaigns, measured.campaigns_recovered) == (1, 0)
    assert measured.flagged_accounts == 4
    assert measured.flagged_benign == "ordinary 1/5"
    assert measured.false_flags_per_100000 == pytest.approx(100_000 / 8)
    # r0–r2 score .72, l0 .48, o .09, r3 and the rest 0: three steps to three hits, then the twelfth account.
    assert measured.average_precision == pytest.approx((3 * 1 + 4 / 12) / 4)
    assert measured.b_cubed_precision == pytest.approx((3 * 3 / 4 + 1) / 4)
    assert measured.b_cubed_recall == pytest.approx((3 * 3 / 4 + 1 / 4) / 4)


def test_a_member_below_a_half_is_not_flagged() -> None:
    weak = MEMBERS.assign(membership=MEMBERS["membership"].where(MEMBERS["account_id"] != "l0", 0.4))
    assert mine(evaluate(weak, TRUTH)).precision == 1.0


def test_members_that_the_truth_does_not_know_are_not_judged() -> None:
    more = pd.concat([MEMBERS, members(("unknown", "c-9", 1.0, 1.0, True))])
    assert evaluate(more, TRUTH) == evaluate(MEMBERS, TRUTH)


def test_without_clusters_nothing_is_found() -> None:
    measured = mine(evaluate(MEMBERS.iloc[:0], TRUTH))
    assert (measured.recall, measured.f1, measured.flagged_accounts) == (0.0, 0.0, 0)
    assert measured.average_precision == pytest.approx(4 / 12)


def test_without_malicious_accounts_there_is_no_average_precision() -> None:
    measured = mine(evaluate(MEMBERS, TRUTH.assign(malicious=False)))
    assert measured.average_precision is None
    assert measured.campaigns == 0
    assert measured.flagged_benign == "ordinary 1/5, ring 3/4"


def test_the_order_of_rows_does_not_matter() -> None:
    shuffled = evaluate(MEMBERS.sample(frac=1, random_state=2), TRUTH.sample(frac=1, random_state=3))
    there, here = mine(shuffled), mine(evaluate(MEMBERS, TRUTH))
    for figure in Measured.__slots__:
        assert getattr(there, figure) == pytest.approx(getattr(here, figure)), figure


def edges() -> Edges:
    """The ring shares a card and the office an address; the lone ones sit behind one address with the ring."""
    accounts = tuple(TRUTH["account_id"])
    rows = [(at, 0, "payment_instrument") for at in range(4)]
    rows += [(at, 1, "ip_address") for at in range(4, 7)]
    rows += [(at, 2, "ip_address") for at in (*range(4), *range(7, 12))]
    account, identifier, kind = zip(*rows, strict=True)
    events = np.array([50.0] * 4 + [20.0] * 3 + [5.0] * 5)
    return Edges(accounts, np.array(account), np.array(identifier), np.array(kind, dtype=object), events)


def test_simpler_methods_are_measured_beside() -> None:
    evaluation = evaluate(MEMBERS, TRUTH, edges())
    by_name = {method.method: method for method in evaluation.methods}
    assert len(by_name) == len(evaluation.methods) >= 7
    assert by_name["connected components, payment_instrument"].f1 == 1.0
    assert by_name["connected components, payment_instrument"].b_cubed_f1 == 1.0
    everything = by_name["connected components"]
    assert everything.recall == 1.0
    assert everything.precision == pytest.approx(4 / 9)
    assert by_name["volume rule"].f1 == 1.0
    assert by_name["volume rule"].b_cubed_recall == pytest.approx(1 / 4)
    assert all(method.average_precision is None for method in evaluation.methods[1:])


def test_simpler_methods_do_without_edges() -> None:
    nothing = np.zeros(0, np.int64)
    bare = Edges(("r0", "l0"), nothing, nothing, np.zeros(0, dtype=object), np.array([3.0, 1.0]))
    by_name = {method.method: method for method in evaluate(MEMBERS, TRUTH, bare).methods}
    assert by_name["connected components"].recall == 0.0
    assert by_name["volume rule"].recall == pytest.approx(1 / 4)


def test_the_frame_has_a_row_a_method() -> None:
    evaluation = evaluate(MEMBERS, TRUTH, edges())
    frame = evaluation.to_frame()
    assert list(frame.columns) == list(Measured.__slots__)
    assert frame["method"].tolist() == [method.method for method in evaluation.methods]
