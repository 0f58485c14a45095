"""p-values of a family of tests, adjusted for how many they are."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

Floats = np.ndarray


def adjusted_p(p_values: Floats, method: str) -> Floats:
    """Return the adjusted p-values of a family (q,), in its order.

    Parameters
    ----------
    p_values : array of float, (q,)
    method : {"holm", "hochberg", "hommel", "bonferroni", "fdr"}

    Notes
    -----
    Sources: Holm, Scand J Stat 1979, 6:65-70; Hochberg, Biometrika 1988, 75:800-802; Hommel, Biometrika 1988,
    75:383-386, as computed by Wright, Biometrics 1992, 48:1005-1013; Benjamini and Hochberg, J R Stat Soc B 1995,
    57:289-300.

    Examples
    --------
    >>> adjusted_p(np.array([0.04, 0.01]), "holm").tolist()
    [0.04, 0.02]
    """
    order = np.argsort(p_values, kind="stable")
    adjusted = np.empty(len(order))
    adjusted[order] = np.minimum(METHODS[method](np.asarray(p_values, dtype=float)[order]), 1.0)
    return adjusted


def _holm(p: Floats) -> Floats:
    return np.maximum.accumulate(p * np.arange(len(p), 0, -1))


def _hochberg(p: Floats) -> Floats:
    return _smallest_from_here(p * np.arange(len(p), 0, -1))


def _hommel(p: Floats) -> Floats:
    q = len(p)
    found = p.copy()
    for m in range(q, 1, -1):
        smallest = (m * p[q - m :] / np.arange(1, m + 1)).min()
        found[q - m :] = np.maximum(found[q - m :], smallest)
        found[: q - m] = np.maximum(found[: q - m], np.minimum(smallest, m * p[: q - m]))
    return found


def _bonferroni(p: Floats) -> Floats:
    return p * len(p)


def _fdr(p: Floats) -> Floats:
    return _smallest_from_here(p * len(p) / np.arange(1, len(p) + 1))


def _smallest_from_here(values: Floats) -> Floats:
    return np.minimum.accumulate(values[::-1])[::-1]


METHODS: dict[str, Callable[[Floats], Floats]] = {
    "holm": _holm,
    "hochberg": _hochberg,
    "hommel": _hommel,
    "bonferroni": _bonferroni,
    "fdr": _fdr,
}
"""Names of the methods, and what is done with p-values in ascending order; fdr is that of Benjamini and Hochberg."""
