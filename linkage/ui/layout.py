"""Where the marks of a picture stand: computed here with a fixed seed, so that a view looks the same for everybody."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from linkage.ui.graph import Node, Picture

    FloatArray = NDArray[np.float64]

#: Same picture, same layout.
SEED = 20260401
#: The canvas is wider than high.
ASPECT = 2.2
#: Free space around a mark, pixels.
GAP = 14.0


def radius(node: Node, largest: int) -> float:
    """Radius of a mark in pixels: its area grows with the accounts it stands for."""
    smallest, greatest = (9.0, 24.0) if node.sort in ("identifier", "hubs") else (6.0, 26.0)
    return smallest + (greatest - smallest) * math.sqrt(node.accounts / max(largest, 1))


def place(picture: Picture) -> dict[str, tuple[float, float]]:
    """Position of every node, pixels, rounded; the parts that hang together stand together, the largest first."""
    import networkx as nx

    graph = nx.Graph()
    graph.add_nodes_from(node.id for node in picture.nodes)
    graph.add_weighted_edges_from((edge.source, edge.target, 1 + math.log(edge.accounts)) for edge in picture.edges)
    largest = max((node.accounts for node in picture.nodes), default=1)
    radii = {node.id: radius(node, largest) for node in picture.nodes}
    parts = sorted((sorted(part) for part in nx.connected_components(graph)), key=lambda part: (-len(part), part[0]))
    return _pack([_spread(graph.subgraph(part), part, radii) for part in parts])


def beside(picture: Picture, places: Mapping[str, tuple[float, float]]) -> dict[str, tuple[float, float]]:
    """Places of the nodes of ``picture`` that came out of what stands at ``places``: accounts in turns around the group
    that they were in, hubs drawn together in the middle of them; everything else where it was.
    """
    found = {node.id: places[node.id] for node in picture.nodes if node.id in places}
    turns: dict[str, int] = {}
    for node in picture.nodes:
        if node.id not in found:
            ends = [places[edge.source] for edge in picture.edges if edge.target == node.id and edge.source in places]
            middle = tuple(np.mean(ends, axis=0)) if ends else (0.0, 0.0)
            x, y = places.get(node.of, middle)
            turn = turns[node.of] = turns.get(node.of, 0) + 1
            # The golden angle: every next one stands in the widest gap of those before.
            way, angle = 15.0 * math.sqrt(turn), turn * math.pi * (3 - math.sqrt(5))
            found[node.id] = round(x + way * math.cos(angle), 1), round(y + way * math.sin(angle), 1)
    return found


def _spread(graph: object, part: list[str], radii: dict[str, float]) -> dict[str, tuple[float, float]]:
    """Positions of one connected part around the origin."""
    import networkx as nx

    if len(part) == 1:
        return {part[0]: (0.0, 0.0)}
    ordered = nx.Graph()
    # A subgraph view iterates in hash order; the layout must not depend on it.
    ordered.add_nodes_from(part)
    ordered.add_weighted_edges_from(sorted((*sorted(ends), weight) for *ends, weight in graph.edges.data("weight")))  # type: ignore[attr-defined]
    found = nx.spring_layout(ordered, seed=SEED, iterations=120, k=1.6 / math.sqrt(len(part)), weight="weight")
    points = np.array([found[name] for name in part], dtype=np.float64)
    size = np.array([radii[name] for name in part]) + GAP
    points -= points.mean(axis=0)
    points = points[:, np.argsort(-points.std(axis=0))]
    points *= np.array([math.sqrt(ASPECT), 1 / math.sqrt(ASPECT)])
    # As much room as the marks need, and more of it where many lines cross.
    room = 1.2 + 2.8 * min(len(part), 60) / 60
    points *= math.sqrt(room * float((size**2).sum())) / max(float(np.abs(points).max()), 1e-9)
    return dict(zip(part, map(tuple, _apart(points, size).tolist()), strict=True))


def _apart(points: FloatArray, size: FloatArray) -> FloatArray:
    """Push marks that overlap away from each other."""
    upper = np.triu_indices(len(points), 1)
    for _ in range(60):
        delta = points[upper[0]] - points[upper[1]]
        distance = np.maximum(np.hypot(delta[:, 0], delta[:, 1]), 1e-6)
        overlap = size[upper[0]] + size[upper[1]] - distance
        touching = overlap > 0
        if not touching.any():
            break
        push = (delta[touching] / distance[touching, None]) * (overlap[touching, None] / 2)
        # Marks on the same spot have no direction to part in: they part sideways.
        push[distance[touching] <= 1e-6] = (1.0, 0.0)
        np.add.at(points, upper[0][touching], push)
        np.subtract.at(points, upper[1][touching], push)
    return points


def _pack(parts: list[dict[str, tuple[float, float]]]) -> dict[str, tuple[float, float]]:
    """Parts in rows, the largest first, about as wide as ``ASPECT`` asks."""
    boxes = []
    for part in parts:
        points = np.array(list(part.values()))
        low, high = points.min(axis=0) - 26, points.max(axis=0) + 26
        boxes.append((part, low, high - low))
    area = sum(float(size[0] * size[1]) for _, _, size in boxes)
    width = max([math.sqrt(area * ASPECT), *(float(size[0]) for _, _, size in boxes)], default=0.0)
    placed: dict[str, tuple[float, float]] = {}
    left = top = height = 0.0
    for part, low, size in boxes:
        if left and left + size[0] > width:
            left, top, height = 0.0, top + height, 0.0
        for name, (x, y) in part.items():
            placed[name] = (round(float(x - low[0] + left), 1), round(float(y - low[1] + top), 1))
        left, height = left + float(size[0]), max(height, float(size[1]))
    return placed
