"""Which levels above the blocks share rows, directly or through other levels, and the columns that each has."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from coxa.models.numerics.mixed.cholesky import Triangle
from coxa.models.numerics.mixed.random_design import Above, Factor

GAIN = 2.0
"""How many times smaller the matrices of all components must be than the one dense matrix to be worth it."""


@dataclass(frozen=True, slots=True)
class Layout:
    """Where the levels of factors have their columns.

    above : the factors, with their columns in each component
    of_block : (n,) component of each block
    """

    above: Above
    of_block: np.ndarray


def layout(
    codes: Sequence[np.ndarray],
    counts: Sequence[int],
    triangles: Sequence[Triangle],
    block: np.ndarray,
    beside: int,
    few: int,
) -> Layout:
    """Return the columns of factors: those of components where this is less work, else all in one.

    Parameters
    ----------
    codes : sequence of (N,)
        Level of each row for each factor; -1 for none.
    counts : sequence of int
        Number of levels of each factor.
    triangles : sequence of Triangle
        Which effects the levels of each factor have.
    block : (N,)
        Block of each row, from 0.
    beside : int
        Number of columns that each component has beside its own: those of the design and the outcome.
    few : int
        Number of effects up to which all are in one component.
    """
    n = int(block.max()) + 1
    total = sum(count * triangle.q for count, triangle in zip(counts, triangles, strict=True))
    if total > few:
        groups = packed(connected(codes, counts, block), counts, triangles, beside)
        found = placed(groups[: len(counts)], triangles)
        if found.components * (found.width + beside) ** 2 * GAIN < (total + beside) ** 2:
            return Layout(found, groups[-1])
    alone = [np.zeros(count, dtype=np.intp) for count in counts]
    return Layout(placed(alone, triangles), np.zeros(n, dtype=np.intp))


def connected(codes: Sequence[np.ndarray], counts: Sequence[int], block: np.ndarray) -> list[np.ndarray]:
    """Return the component of the levels of each factor, and of each block; blocks and levels that share a row meet."""
    n = int(block.max()) + 1
    first = np.cumsum([n, *counts])
    edges = [(block[code >= 0], first[f] + code[code >= 0]) for f, code in enumerate(codes)]
    rows, columns = (np.concatenate(each) for each in zip(*edges, strict=True))
    graph = coo_array((np.ones(len(rows), dtype=np.int8), (rows, columns)), shape=(first[-1], first[-1]))
    labels = connected_components(graph, directed=False)[1]
    return [*(labels[start : start + count] for start, count in zip(first, counts, strict=False)), labels[:n]]


def packed(
    components: Sequence[np.ndarray], counts: Sequence[int], triangles: Sequence[Triangle], beside: int
) -> list[np.ndarray]:
    """Return the components renumbered, small ones put together.

    Every component's matrices are as wide as the widest's, and have the columns of the design as well, so that small
    ones cost least together.
    """
    labels = int(max(each.max() for each in components)) + 1
    width = np.zeros(labels)
    for of_level, triangle in zip(components[: len(counts)], triangles, strict=True):
        width += triangle.q * np.bincount(of_level, minlength=labels)
    order = np.argsort(-width, kind="stable")  # alike ones next to each other
    room = max(float(width.max()), float(beside))
    group = np.zeros(labels, dtype=np.intp)
    filled, latest = 0.0, 0
    for label in order.tolist():
        if filled and filled + width[label] > room:
            filled, latest = 0.0, latest + 1
        filled += float(width[label])
        group[label] = latest
    return [group[each] for each in components]


def placed(components: Sequence[np.ndarray], triangles: Sequence[Triangle]) -> Above:
    """Return the factors with columns in the components of their levels."""
    factors, start = [], 0
    count = 1 + int(max((each.max() for each in components), default=0))
    for component, triangle in zip(components, triangles, strict=True):
        order = np.argsort(component, kind="stable")
        first = np.searchsorted(component[order], np.arange(count))
        place = np.empty(len(component), dtype=np.intp)
        place[order] = np.arange(len(order)) - first[component[order]]
        factors.append(Factor(start, int(place.max()) + 1, triangle, component, place))
        start = factors[-1].columns.stop
    return Above(tuple(factors), count)
