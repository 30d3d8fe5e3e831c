"""Floors on real data, which stands beside the checkout: links that hold against what linkage does not read."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks import elections, p2p
from tests.lib.real_data import real_data

pytestmark = pytest.mark.long


def figures(page: str, heading: str) -> dict[str, list[str]]:
    """Rows of the table under a heading, by their first cell."""
    lines = page.split(f"## {heading}")[1].split("\n\n")[1].splitlines()[2:]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return {row[0]: row[1:] for row in cells}


def share(text: str) -> float:
    return float(text.rstrip("%")) / 100


def test_accounts_that_share_cards_and_devices_pay_each_other(tmp_path: Path) -> None:
    page = p2p.page(real_data("p2p_neo4j"), tmp_path)

    paid = {pairs: share(row[1]) for pairs, row in figures(page, "Pairs of accounts").items()}
    assert paid["any two accounts (drawn at random)"] < 0.001
    assert paid["of one cluster of up to 12"] > 0.45
    assert paid["… sharing nothing, tied through others"] > 0.1
    fraud = {accounts: share(row[2]) for accounts, row in figures(page, "Frauds").items()}
    assert fraud["in a cluster"] > 2 * fraud["in no cluster"]


def test_accounts_that_post_links_within_a_minute_are_in_one_cluster_and_the_public_is_not_flagged(
    tmp_path: Path,
) -> None:
    page = elections.section(real_data("coortweet"), tmp_path, elections.INDEPENDENT_KINDS)

    pairs = figures(page, "Pairs that posted")
    close = int(pairs["close for two links or more, any"][0].replace(",", ""))
    found = int(pairs["close for two links or more, in one cluster"][0].replace(",", ""))
    assert found > 0.8 * close
    assert share(pairs["of one cluster"][1]) > 10 * share(pairs["any two with a link in common"][1])
    assert "| tier 1 | 0 of 0 accounts |" in page
