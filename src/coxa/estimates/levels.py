"""Whether comparisons within the levels of a subgroup differ between the levels, from estimates and a covariance."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations

import numpy as np
from scipy import stats

from coxa.estimates.risk_rows import with_test


def differences_between(
    names: Sequence[str], values: np.ndarray, covariance: np.ndarray, *, ratio: bool, conf_level: float
) -> Iterator[tuple[str, dict[str, float]]]:
    """Yield "later-earlier" and the row of the difference of each two levels, with normal limits and test.

    Parameters
    ----------
    names : sequence of str
        The G levels, in their order.
    values : array
        (G,) Comparisons within the levels; of a ratio their logarithms.
    covariance : array
        (G, G) Of the values; diagonal where the levels share no participant.
    ratio : bool
        Whether the differences are of logarithms, and shown as ratios.
    conf_level : float
        Between 0 and 1.

    Examples
    --------
    >>> ((pair, row),) = differences_between(["f", "m"], np.array([1.0, 3.0]), np.eye(2), ratio=False, conf_level=0.95)
    >>> pair, row["estimate"], round(row["std_error"], 4), round(row["p_value"], 4)
    ('m-f', 2.0, 1.4142, 0.1573)
    """
    for g, h in combinations(range(len(names)), 2):
        value = float(values[h] - values[g])
        error = float(np.sqrt(covariance[g, g] + covariance[h, h] - 2 * covariance[g, h]))
        row = with_test(value, error, conf_level, shown=np.exp if ratio else float)
        yield f"{names[h]}-{names[g]}", {**row, "conf_level": conf_level}


def chi_square_of_levels(values: np.ndarray, covariance: np.ndarray) -> tuple[float, int, float]:
    """Return the chi-square that each arm's comparison is alike in all levels, its degrees of freedom, and p.

    Parameters
    ----------
    values : array
        (A, G) Comparisons of A arms within G levels; of a ratio their logarithms.
    covariance : array
        (A G, A G) Of the values, arm by arm.

    Examples
    --------
    >>> x, df, p = chi_square_of_levels(np.array([[1.0, 3.0]]), np.eye(2))
    >>> round(x, 4), df, round(p, 4)
    (2.0, 1, 0.1573)
    """
    arms, levels = values.shape
    less_first = np.kron(np.eye(arms), np.column_stack([-np.ones(levels - 1), np.eye(levels - 1)]))
    gaps = less_first @ values.ravel()
    chi_square = float(gaps @ np.linalg.solve(less_first @ covariance @ less_first.T, gaps))
    return chi_square, len(gaps), float(stats.chi2.sf(chi_square, len(gaps)))
