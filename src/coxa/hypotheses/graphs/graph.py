"""A graph of hypotheses: weights of the level, and where the weight of a rejected hypothesis goes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from coxa.errors import OptionError, check_option, not_allowed

SLACK = 1e-9
"""By how much a sum of weights may pass 1, for thirds that are written as decimals."""


@dataclass(frozen=True, slots=True)
class Graph:
    """Hypotheses with weights and transitions.

    names       : (m,) of the hypotheses
    weights     : (m,) shares of the level, in sum at most 1
    transitions : (m, m) share of the weight of a rejected hypothesis (row) that goes to another (column)

    Examples
    --------
    >>> holm(("pain", "function")).without("pain").weights
    (0.0, 1.0)
    """

    names: tuple[str, ...]
    weights: tuple[float, ...]
    transitions: tuple[tuple[float, ...], ...]

    def without(self, name: str) -> Graph:
        """Return the graph after a hypothesis is rejected: it has no weight, and no way leads there.

        Notes
        -----
        Bretz, Maurer, Brannath & Posch, Statistics in Medicine 2009, 28:586-604, algorithm 1.
        """
        check_option("hypothesis", name, self.names)
        j = self.names.index(name)
        weights, transitions = removed(np.array(self.weights), np.array(self.transitions), j)
        return Graph(self.names, tuple(map(float, weights)), tuple(tuple(map(float, row)) for row in transitions))


def removed(weights: np.ndarray, transitions: np.ndarray, j: int) -> tuple[np.ndarray, np.ndarray]:
    """Return weights and transitions after hypothesis j is rejected."""
    gone = transitions[j]
    weights = weights + weights[j] * gone
    weights[j] = 0.0
    loops = transitions[:, [j]] * gone[:, None]  # (m, 1): share that would come back by way of j
    through = transitions + transitions[:, [j]] * gone[None, :]
    with np.errstate(invalid="ignore", divide="ignore"):
        found = np.where(loops < 1, through / (1 - loops), 0.0)
    found[j, :] = found[:, j] = 0.0
    np.fill_diagonal(found, 0.0)
    return weights, found


def graph(weights: Mapping[str, float], transitions: Mapping[str, Mapping[str, float]]) -> Graph:
    """Return a graph of weights and transitions by name.

    Parameters
    ----------
    weights : mapping
        Hypothesis -> its share of the level; in sum at most 1.
    transitions : mapping
        Hypothesis -> where its weight goes when it is rejected, as hypothesis -> share; in sum at most 1. One that is
        left out passes nothing on.

    Returns
    -------
    Graph

    Raises
    ------
    OptionError
        A name is not among `weights`, a share is out of its range, or a sum is above 1.

    Examples
    --------
    >>> graph({"pain": 0.5, "function": 0.5}, {"pain": {"function": 1}, "function": {"pain": 1}}).transitions
    ((0.0, 1.0), (1.0, 0.0))
    """
    names = tuple(weights)
    if not names:
        raise OptionError("`weights` is empty. Give each hypothesis its weight.")
    for name, targets in transitions.items():
        for one in (name, *targets):
            if one not in names:
                raise OptionError(f"{not_allowed('hypothesis', one, names)}.")
        if targets.get(name):
            raise OptionError(f"Hypothesis {name} passes weight to itself. Name other hypotheses in its transitions.")
        checked_shares(f"transitions of {name}", tuple(targets.values()))
    checked_shares("weights", tuple(weights.values()))
    rows = tuple(tuple(float(transitions.get(name, {}).get(other, 0.0)) for other in names) for name in names)
    return Graph(names, tuple(map(float, weights.values())), rows)


def checked_shares(what: str, shares: Sequence[float]) -> None:
    """Raise `OptionError` unless numbers are between 0 and 1, and so is their sum."""
    if any(not 0 <= share <= 1 for share in shares):
        raise OptionError(f"The {what} are {list(shares)}. Give numbers from 0 to 1.")
    if sum(shares) > 1 + SLACK:
        raise OptionError(f"The {what} add up to {sum(shares):g}. Give shares that add up to at most 1.")


def holm(names: Sequence[str]) -> Graph:
    """Return the graph of Holm's procedure: equal weights, and equal transitions to all others.

    Examples
    --------
    >>> holm(("a", "b")).weights
    (0.5, 0.5)
    """
    m = len(names)
    others = {name: {other: 1 / (m - 1) for other in names if other != name} for name in names} if m > 1 else {}
    return graph(dict.fromkeys(names, 1 / m), others)


def fixed_sequence(names: Sequence[str]) -> Graph:
    """Return the graph of a fixed sequence: each hypothesis is tested at the full level once all before are rejected.

    Examples
    --------
    >>> fixed_sequence(("a", "b")).weights
    (1.0, 0.0)
    """
    return fallback({name: float(place == 0) for place, name in enumerate(names)})


def fallback(weights: Mapping[str, float]) -> Graph:
    """Return the graph of the fallback procedure: weights in an order, each passed on to the next one.

    Notes
    -----
    Wiens, Pharmaceutical Statistics 2003, 2:211-215.

    Examples
    --------
    >>> fallback({"a": 0.5, "b": 0.5}).transitions
    ((0.0, 1.0), (0.0, 0.0))
    """
    names = tuple(weights)
    return graph(weights, {name: {after: 1.0} for name, after in pairwise(names)})
