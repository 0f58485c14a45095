"""Maximum likelihood of a design that is an array already, for estimators that have a regression inside."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from coxa.errors import NonConvergenceError
from coxa.models.design.matrix import orthonormal
from coxa.models.glm.families import Family
from coxa.models.glm.fit import NEARLY_SURE, newton
from coxa.models.glm.separation import separation


@dataclass(frozen=True, slots=True)
class ArrayFit:
    """A generalised linear model with its canonical link, at its maximum.

    coefficient : (p,) of the columns
    mean        : (n,) of every row
    inverse     : (p, p) inverse of the information, at variance 1
    """

    coefficient: np.ndarray
    mean: np.ndarray
    inverse: np.ndarray = field(repr=False)

    def influence(self, x: np.ndarray, y: np.ndarray) -> np.ndarray:
        """Return (n, p) what each row adds to the coefficients less their limits, by the rows that were fitted."""
        return np.asarray((x * (y - self.mean)[:, None]) @ self.inverse)


def fit_columns(x: np.ndarray, y: np.ndarray, family: Family) -> ArrayFit | None:
    """Return the fit of an outcome (n,) to columns (n, p); None where the columns separate it, and there is none.

    Whether there is a maximum is decided by linear programming where the search does not end, or ends far out.

    Raises
    ------
    RankDeficientError
        Columns are combinations of others.
    NonConvergenceError
        There is a maximum, and the search does not reach it.

    Examples
    --------
    >>> from coxa.models.glm.families import BINOMIAL
    >>> x = np.column_stack([np.ones(4), [1.0, 2, 3, 4]])
    >>> fit_columns(x, np.array([0.0, 1, 0, 1]), BINOMIAL).coefficient.round(3).tolist()
    [-2.27, 0.908]
    >>> fit_columns(x, np.array([0.0, 0, 1, 1]), BINOMIAL) is None
    True
    """
    basis = orthonormal(x, [f"column {k}" for k in range(x.shape[1])])
    try:
        gamma, _ = newton(basis.q, y, family)
    except NonConvergenceError:
        if separation(basis.q * np.sqrt(len(y)), y, family) is not None:
            return None
        raise
    predictor = basis.q @ gamma
    if np.abs(predictor).max() > NEARLY_SURE and separation(basis.q * np.sqrt(len(y)), y, family) is not None:
        return None
    mean = family.mean(predictor)
    inverse = np.linalg.inv((basis.q.T * family.slope(mean)) @ basis.q)
    return ArrayFit(basis.back @ gamma, mean, basis.back @ inverse @ basis.back.T)
