"""Adjusted p-values of a graph by closed testing: every intersection of hypotheses has a test of its own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import get_args

import numpy as np
from scipy import special, stats

from coxa.cards import Carded
from coxa.errors import OptionError, check_option, not_allowed
from coxa.hypotheses.graphs.graph import Graph, removed
from coxa.hypotheses.words import Intersection

CLOSE = 1e-8
"""Error of the probability of a parametric test of three or more hypotheses; of two it is exact to rounding."""

MOST_CLOSED = 12
"""Hypotheses up to which all intersections are tested; there are 2^m - 1 of them."""


@dataclass(frozen=True, slots=True, repr=False)
class Closure(Carded):
    """Adjusted p-values by closed testing.

    adjusted      : hypothesis -> its adjusted p-value, at most 1
    intersections : hypotheses of an intersection -> its p-value
    weights       : hypotheses of an intersection -> their weights in it

    Examples
    --------
    >>> from coxa.hypotheses import holm
    >>> closure(holm(("a", "b")), {"a": 0.01, "b": 0.03}).adjusted
    {'a': 0.02, 'b': 0.03}
    """

    adjusted: Mapping[str, float]
    intersections: Mapping[tuple[str, ...], float] = field(repr=False)
    weights: Mapping[tuple[str, ...], tuple[float, ...]] = field(repr=False)


def closure(
    graph: Graph,
    p_values: Mapping[str, float],
    *,
    test: Intersection | Mapping[tuple[str, ...], Intersection] = "bonferroni",
    correlation: np.ndarray | None = None,
) -> Closure:
    """Return the adjusted p-values of a graph by testing every intersection of its hypotheses.

    Parameters
    ----------
    graph : Graph
    p_values : mapping
        Hypothesis -> one-sided p-value, not adjusted.
    test : str or mapping
        The test of an intersection: "bonferroni" holds always; "simes" for tests that are independent or positively
        dependent; "parametric" uses the correlation of the statistics, which is known for example where arms share a
        control. Or groups of hypotheses -> their test; between groups Bonferroni's inequality holds.
    correlation : ndarray, optional
        (m, m) of the statistics under the null hypotheses, for "parametric".

    Returns
    -------
    Closure
        A hypothesis is rejected at a level where its adjusted p-value is not above it. One whose intersections have no
        weight for it has 1.

    Raises
    ------
    OptionError
        Names do not fit, a p-value is out of its range, or the correlation is missing.

    Notes
    -----
    Weights of intersections as in Bretz et al. 2009. Bonferroni: min p / w. Simes within a group: min over j of
    p_j / sum of the weights with p no larger. Parametric: P(some P_i <= w_i q) / sum w with q = min p / w, which tests
    a group at its share of the level (Bretz, Posch, Glimm, Klinglmueller, Maurer & Rohmeyer, Biometrical Journal 2011,
    53:894-913; Xi, Glimm, Maurer & Bretz, Biometrical Journal 2017, 59:918-931).

    Examples
    --------
    >>> from coxa.hypotheses import fixed_sequence
    >>> closure(fixed_sequence(("a", "b", "c")), {"a": 0.01, "b": 0.03, "c": 0.001}).adjusted
    {'a': 0.01, 'b': 0.03, 'c': 0.03}
    """
    p = checked_p_values(graph, p_values)
    groups = _groups(graph, test, correlation)
    if len(p) > MOST_CLOSED:
        raise OptionError(
            f"The graph has {len(p)} hypotheses and 2^{len(p)} - 1 intersections. Use `graph_test`, whose shortcut "
            f"needs none of them, or at most {MOST_CLOSED} hypotheses."
        )
    tests, shares = {}, {}
    for inside, weights in intersections(graph):
        names = tuple(name for name, one in zip(graph.names, inside, strict=True) if one)
        shares[names] = tuple(map(float, weights[inside]))
        tests[names] = _intersection_p(p, weights, inside, groups, correlation)
    adjusted = {
        name: max(value for names, value in tests.items() if name in names)
        for name in graph.names
    }  # fmt: skip
    return Closure(adjusted, tests, shares)


def checked_p_values(graph: Graph, p_values: Mapping[str, float]) -> np.ndarray:
    """Return p-values in the order of a graph; raise `OptionError` where one is missing or out of its range."""
    for name in p_values:
        if name not in graph.names:
            raise OptionError(f"{not_allowed('hypothesis', name, graph.names)}.")
    missing = [name for name in graph.names if name not in p_values]
    if missing:
        raise OptionError(f"`p_values` has none for {', '.join(missing)}. Give one for every hypothesis of the graph.")
    p = np.array([p_values[name] for name in graph.names], dtype=float)
    if not ((p >= 0) & (p <= 1)).all():
        raise OptionError(f"`p_values` are {p.tolist()}. Give numbers from 0 to 1.")
    return p


def intersections(graph: Graph) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield each intersection as (m,) members, with the (m,) weights of its hypotheses in the graph of it."""
    m = len(graph.names)
    kept: dict[int, tuple[np.ndarray, np.ndarray]] = {
        2**m - 1: (np.array(graph.weights), np.array(graph.transitions).reshape(m, m))
    }
    for code in range(2**m - 1, 0, -1):
        weights, transitions = kept[code]
        yield np.array([bool(code >> j & 1) for j in range(m)]), weights
        for j in range(m):
            if code >> j & 1 and (code & ~(1 << j)) not in kept:
                kept[code & ~(1 << j)] = removed(weights, transitions, j)


Groups = tuple[tuple[tuple[int, ...], Intersection], ...]
"""Places of the hypotheses of a group, and its test."""


def _groups(graph: Graph, test: Intersection | Mapping[tuple[str, ...], Intersection],
            correlation: np.ndarray | None) -> Groups:  # fmt: skip
    given = {graph.names: test} if isinstance(test, str) else dict(test)
    for names, one in given.items():
        check_option("test of an intersection", one, get_args(Intersection))
        for name in names:
            check_option("hypothesis", name, graph.names)
    members = [name for names in given for name in names]
    if sorted(members) != sorted(graph.names):
        raise OptionError("The groups of `test` do not have each hypothesis once. Name every hypothesis in one group.")
    if "parametric" in given.values():
        m = len(graph.names)
        if correlation is None or np.shape(correlation) != (m, m):
            raise OptionError(
                f"A parametric test needs the correlation of the statistics. Give `correlation`, {m} by {m}."
            )
    return tuple((tuple(graph.names.index(name) for name in names), one) for names, one in given.items())


def _intersection_p(
    p: np.ndarray, weights: np.ndarray, inside: np.ndarray, groups: Groups, correlation: np.ndarray | None
) -> float:
    """Return the p-value of one intersection: the smallest of its groups."""
    found = [1.0]
    for places, test in groups:
        mine = [j for j in places if inside[j] and weights[j] > 0]
        if mine:
            part = None if correlation is None else np.asarray(correlation)[np.ix_(mine, mine)]
            found.append(_TESTS[test](p[mine], weights[mine], part))
    return min(found)


def _bonferroni(p: np.ndarray, weights: np.ndarray, _: np.ndarray | None) -> float:
    return float((p / weights).min())


def _simes(p: np.ndarray, weights: np.ndarray, _: np.ndarray | None) -> float:
    return min(float(one / weights[p <= one].sum()) for one in p)


def _parametric(p: np.ndarray, weights: np.ndarray, correlation: np.ndarray | None) -> float:
    reached = np.minimum(weights * (p / weights).min(), 1.0)
    if len(p) == 1:
        return float(reached[0] / weights[0])
    assert correlation is not None
    return float(some_below(reached, correlation) / weights.sum())


def some_below(levels: Sequence[float] | np.ndarray, correlation: np.ndarray) -> float:
    """Return the probability that some of several p-values of normal statistics is at most its level."""
    bounds = -special.ndtri(np.asarray(levels, dtype=float))
    if np.isneginf(bounds).any():
        return 1.0
    kept = np.isfinite(bounds)
    if not kept.any():
        return 0.0
    cov = np.asarray(correlation)[np.ix_(kept, kept)]
    if kept.sum() == 1:
        return float(special.ndtr(-bounds[kept][0]))
    inside = stats.multivariate_normal.cdf(bounds[kept], cov=cov, allow_singular=True, abseps=CLOSE, releps=CLOSE)
    return float(1 - inside)


_TESTS = {"bonferroni": _bonferroni, "simes": _simes, "parametric": _parametric}
