"""What must not change between machines and versions: ids, random graphs, rewiring, parts.

Ids of clusters and refreshes stand in cases and bundles, so their recipe is part of the product. The others are the
random steps: another result for the same seed means that every snapshot's figures change, which belongs under
*Results* in the changelog. ``expected.json`` says what they are; a change there is a decision.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from linkage import leiden
from linkage.evidence import kernels
from linkage.evidence.incidence import Alone
from linkage.lineage.match import founding_id
from linkage.scoring import significance
from tests.lib.graphs import CARD, IP, TEMPLATE, Drawing

EXPECTED = json.loads((Path(__file__).parent / "expected.json").read_text(encoding="utf-8"))


def digest(*arrays: NDArray[np.signedinteger[Any]]) -> str:
    """SHA-256 of whole numbers, whatever their width."""
    found = hashlib.sha256()
    for array in arrays:
        found.update(np.ascontiguousarray(array, dtype="<i8").tobytes())
    return found.hexdigest()[:16]


def drawing() -> Drawing:
    made = Drawing()
    made.use(range(100), IP, "hub")
    for card in range(40):
        made.use([card, (7 * card + 3) % 100, (11 * card + 50) % 100], CARD, f"card-{card:02}")
    for template in range(30):
        made.use(range(template, 100, 9 + template % 5), TEMPLATE, f"template-{template:02}")
    return made


@pytest.mark.parametrize(
    ("name", "members"), [("three", ["acct_1", "acct_2", "acct_3"]), ("unicode", ["é", "名前"]), ("none", [])]
)
def test_founding_ids(name: str, members: list[str]) -> None:
    assert founding_id("r-0123456789ab", members) == EXPECTED["founding_id"][name]


@pytest.mark.parametrize("seed", [1, 2])
def test_pairs_of_hubs(seed: int) -> None:
    graph = drawing().incidence()
    first, second = kernels.form_pairs(
        graph.identifier_start,
        graph.identifier_edge,
        graph.edge_account,
        np.ones(graph.identifiers, dtype=np.bool_),
        6,
        seed,
    )
    assert digest(first, second) == EXPECTED["form_pairs"][str(seed)]


@pytest.mark.parametrize("replicate", [0, 1])
def test_rewired_edges(replicate: int) -> None:
    graph = drawing().incidence()
    account = np.arange(40, 100)
    day = np.zeros(60, np.int64)
    alone = Alone(np.full(60, graph.kinds.index(CARD), np.int8), account, day, day, day + 1)
    edges = significance.rewired(graph, alone, 1, replicate)
    assert digest(*edges) == EXPECTED["rewired"][str(replicate)]


def test_parts() -> None:
    graph = drawing().incidence()
    part = leiden.partition(
        graph.edge_account.astype(np.int64),
        graph.edge_identifier.astype(np.int64) + graph.accounts,
        np.linspace(0.1, 1.0, len(graph.edge_account)),
        graph.accounts + graph.identifiers,
        3,
    )
    assert digest(part) == EXPECTED["leiden"]
