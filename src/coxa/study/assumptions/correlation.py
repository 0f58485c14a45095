"""Correlation matrices of a plan: which they are, and the nearest one to a matrix that is none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from coxa.study.assumptions.trial import AssumedOutcome, FallingCorrelation

Floats = NDArray[np.float64]

LEAST = 1e-8
"""Smallest eigenvalue that counts as positive."""
SHOWN = 0.01
"""Smallest eigenvalue of a proposed matrix, so that it stays one when rounded to two decimals."""


def visit_matrix(given: object, n_visits: int) -> Floats:
    """Return the (m, m) matrix that a plan's `correlation` stands for; it need not be a correlation matrix.

    Examples
    --------
    >>> visit_matrix(FallingCorrelation(near=0.7, far=0.5), 3).round(2).tolist()
    [[1.0, 0.7, 0.6], [0.7, 1.0, 0.7], [0.6, 0.7, 1.0]]
    """
    if isinstance(given, tuple):
        return np.array(given, dtype=float)
    apart = np.abs(np.subtract.outer(np.arange(n_visits), np.arange(n_visits)))
    if isinstance(given, FallingCorrelation):
        matrix = given.far + (given.near - given.far) * given.decay ** np.maximum(apart - 1.0, 0.0)
    else:
        matrix = np.full((n_visits, n_visits), float(given))  # type: ignore[arg-type]
    return np.where(apart == 0, 1.0, matrix)


def outcome_matrix(
    given: float | Mapping[str, Mapping[str, float]], outcomes: Sequence[str], signs: Sequence[float] | Floats
) -> Floats:
    """Return the (k, k) matrix between outcomes.

    Parameters
    ----------
    given
        One correlation of all improvements, or outcome: {other: correlation of the values}; improvements of a pair
        that is not named correlate by 0.5.
    outcomes, signs
        Names, and +1 where a higher value is better, -1 where a lower one is.

    Examples
    --------
    >>> outcome_matrix({"pain": {"function": -0.7}}, ["pain", "function", "sleep"], [-1, 1, 1]).tolist()
    [[1.0, -0.7, -0.5], [-0.7, 1.0, 0.5], [-0.5, 0.5, 1.0]]
    """
    matrix = np.outer(signs, signs) * (0.5 if isinstance(given, Mapping) else float(given))
    if isinstance(given, Mapping):
        for one, others in given.items():
            for other, value in others.items():
                if one in outcomes and other in outcomes:
                    i, j = outcomes.index(one), outcomes.index(other)
                    matrix[i, j] = matrix[j, i] = value
    np.fill_diagonal(matrix, 1.0)
    return matrix


def nearest_correlation(matrix: Floats, least: float = SHOWN) -> Floats:
    """Return a correlation matrix near to a symmetric one with a unit diagonal.

    Alternates between the matrices whose eigenvalues are `least` or more and those with a unit diagonal, with
    Dykstra's correction (Higham, IMA Journal of Numerical Analysis 2002, 22:329-343, algorithm 3.3).

    Examples
    --------
    >>> wrong = np.array([[1, 0.9, 0.1], [0.9, 1, 0.9], [0.1, 0.9, 1]])
    >>> bool(np.linalg.eigvalsh(nearest_correlation(wrong))[0] > 0)
    True
    """
    y, correction = matrix.copy(), np.zeros_like(matrix)
    for _ in range(200):
        r = y - correction
        values, vectors = np.linalg.eigh(r)
        x = (vectors * np.maximum(values, least)) @ vectors.T
        correction = x - r
        before, y = y, x.copy()
        np.fill_diagonal(y, 1.0)
        if np.abs(y - before).max() < 1e-10:
            break
    scale = np.sqrt(np.diag(x))
    return np.asarray(x / np.outer(scale, scale))


def matrix_problem(matrix: Floats, names: Sequence[str], what: str) -> str | None:
    """Return why a matrix is no correlation matrix between `names`, with the nearest that is; None if it is one."""
    m = len(names)
    if matrix.shape != (m, m):
        return f"the correlation {what} is {m} x {m}, this one has {_shape(matrix)}; its rows are: {', '.join(names)}"
    if not np.allclose(np.diag(matrix), 1.0):
        return f"the correlation {what} has 1 on its diagonal; a value correlates with itself by 1"
    off = matrix - matrix.T
    if not np.allclose(off, 0.0):
        i, j = divmod(int(np.abs(off).argmax()), m)
        return (
            f"the correlation {what} is symmetric, this one has {matrix[i, j]:g} for {names[i]} with {names[j]} and "
            f"{matrix[j, i]:g} for {names[j]} with {names[i]}; write the same number in both places"
        )
    if np.abs(matrix - np.eye(m)).max() >= 1:
        return f"the correlation {what} has numbers between -1 and 1 off its diagonal; correct those beyond"
    if np.linalg.eigvalsh(matrix)[0] > LEAST:
        return None
    return (
        f"the correlations {what} cannot hold together, the matrix is not positive definite; the nearest that can: "
        f"{shown(nearest_correlation(matrix))}"
    )


def shown(matrix: Floats) -> str:
    """Return a matrix as it is written in a plan, with two decimals."""
    return "[" + ", ".join("[" + ", ".join(f"{value:.2f}" for value in row) + "]" for row in matrix) + "]"


def _shape(matrix: Floats) -> str:
    return " x ".join(map(str, matrix.shape))


def visit_problem(outcome: AssumedOutcome, visits: Sequence[str]) -> str | None:
    """Return what is wrong with the correlation of an outcome between visits (by day); None if nothing."""
    given = outcome.correlation
    if isinstance(given, tuple) and len({len(row) for row in given}) > 1:
        return f"the rows of a correlation matrix are equally long; write {len(visits)} rows of {len(visits)} numbers"
    return matrix_problem(visit_matrix(given, len(visits)), visits, "between visits")
