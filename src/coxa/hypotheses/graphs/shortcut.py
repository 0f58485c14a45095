"""Adjusted p-values of a graph by its shortcut: one hypothesis after the other, with Bonferroni's test."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from coxa.cards import Carded
from coxa.errors import OptionError
from coxa.hypotheses.graphs.closure import checked_p_values
from coxa.hypotheses.graphs.graph import Graph, removed


@dataclass(frozen=True, slots=True)
class GraphStep:
    """One step of the shortcut.

    hypothesis : tested at the step: that with the smallest p-value over weight
    weight     : its share of the level there
    p_value    : not adjusted
    rejected   : whether its p-value is at most the share
    """

    hypothesis: str
    weight: float
    p_value: float
    rejected: bool


@dataclass(frozen=True, slots=True, repr=False)
class GraphTest(Carded):
    """What a graph of hypotheses shows at a level.

    alpha    : one-sided level of the family
    adjusted : hypothesis -> adjusted p-value
    rejected : the hypotheses that are rejected, in the graph's order
    steps    : all hypotheses, in the order in which they are tested
    left     : the graph when no more is rejected

    Examples
    --------
    >>> from coxa.hypotheses import holm
    >>> graph_test(holm(("a", "b")), {"a": 0.01, "b": 0.03}).rejected
    ('a',)
    """

    alpha: float
    adjusted: Mapping[str, float]
    rejected: tuple[str, ...]
    steps: tuple[GraphStep, ...]
    left: Graph


def graph_test(graph: Graph, p_values: Mapping[str, float], *, alpha: float = 0.025) -> GraphTest:
    """Test the hypotheses of a graph one after the other, by Bonferroni's test of each intersection.

    Parameters
    ----------
    graph : Graph
    p_values : mapping
        Hypothesis -> one-sided p-value, not adjusted; sequential p-values where there were looks.
    alpha : float
        One-sided level of the family.

    Returns
    -------
    GraphTest
        The adjusted p-values are those of `closure` with Bonferroni tests: the shortcut is exact. With no weight left
        for a hypothesis its adjusted p-value is 1.

    Raises
    ------
    OptionError
        Names or p-values do not fit, or the level is out of its range.

    Notes
    -----
    Bretz, Maurer, Brannath & Posch, Statistics in Medicine 2009, 28:586-604, algorithms 1 and 2.

    Examples
    --------
    >>> from coxa.hypotheses import fallback
    >>> found = graph_test(fallback({"a": 0.5, "b": 0.3, "c": 0.2}), {"a": 0.02, "b": 0.006, "c": 0.012})
    >>> found.adjusted, found.rejected
    ({'a': 0.04, 'b': 0.02, 'c': 0.024}, ('b', 'c'))
    """
    if not 0 < alpha < 0.5:
        raise OptionError(f"`alpha` is {alpha}. Give a one-sided level above 0 and below 0.5, such as 0.025.")
    p = checked_p_values(graph, p_values)
    m = len(p)
    weights, transitions = np.array(graph.weights), np.array(graph.transitions).reshape(m, m)
    left, largest = list(range(m)), 0.0
    adjusted, steps, at_end = np.ones(m), [], None
    while left:
        with np.errstate(divide="ignore", invalid="ignore"):
            ratios = np.where(weights[left] > 0, p[left] / weights[left], np.inf)
        j = left[int(ratios.argmin())]
        largest = max(largest, min(float(ratios.min()), 1.0))
        adjusted[j] = largest
        rejected = bool(largest <= alpha + 1e-15)
        if not rejected and at_end is None:
            at_end = (weights.copy(), transitions.copy())
        steps.append(GraphStep(graph.names[j], float(weights[j]), float(p[j]), rejected))
        weights, transitions = removed(weights, transitions, j)
        left.remove(j)
    last_weights, last_transitions = at_end or (weights, transitions)
    remaining = Graph(
        graph.names, tuple(map(float, last_weights)), tuple(tuple(map(float, row)) for row in last_transitions)
    )
    named = dict(zip(graph.names, map(float, adjusted), strict=True))
    shown = tuple(name for name in graph.names if named[name] <= alpha + 1e-15)
    return GraphTest(alpha, named, shown, tuple(steps), remaining)
