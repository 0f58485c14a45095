"""The test of Gray: whether the cumulative incidence of a cause is the same in all groups."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import chi2

from coxa.cards import Carded
from coxa.errors import FitError, OptionError
from coxa.models.survival.follow_up import codes_of, follow_up, levels_of
from coxa.models.survival.incidence import causes_of, known_cause
from coxa.models.survival.log_rank import EMPTY


@dataclass(frozen=True, slots=True, repr=False)
class GrayTest(Carded):
    """A test of Gray.

    groups    : the groups, sorted
    observed  : (g,) events of the cause in each
    expected  : (g,) events expected if all groups had the same subdistribution hazard
    variance  : (g, g) covariance of observed less expected
    statistic : chi-square
    df        : its degrees of freedom
    p_value   : two-sided

    Examples
    --------
    >>> gray_test([1, 2, 2, 3, 4, 5], [1, 2, 0, 1, 2, 1], [0, 1, 0, 1, 0, 1]).df
    1
    """

    groups: tuple[object, ...]
    observed: np.ndarray
    expected: np.ndarray
    variance: np.ndarray
    statistic: float
    df: int
    p_value: float


def gray_test(
    time: ArrayLike,
    cause: ArrayLike,
    group: ArrayLike,
    *,
    of: Any = 1,
    censored: Any = 0,
    strata: ArrayLike | None = None,
) -> GrayTest:
    """Test whether the cumulative incidence of a cause is the same in all groups.

    Parameters
    ----------
    time, cause : (n,)
        Time to the first event of any cause or to censoring, and the label of the cause.
    group : (n,)
        Labels of groups.
    of : default 1
        The cause that is tested.
    censored : default 0
        The label of a censored time.
    strata : (n,), optional
        Labels of strata, over which differences and variances are added up.

    Notes
    -----
    Gray (1988), rho = 0, with the variance for ties of cmprsk.

    Examples
    --------
    >>> test = gray_test([1, 2, 2, 3, 4, 5, 5, 6], [1, 2, 0, 1, 2, 1, 1, 0], [0, 1, 0, 1, 0, 1, 0, 1])
    >>> test.observed.tolist(), round(test.statistic, 4)
    ([2.0, 2.0], 0.1388)
    """
    rows = follow_up(time, np.zeros(np.shape(time), dtype=int), strata=strata)
    n = rows.time.size
    causes, codes = causes_of(cause, n, censored)
    own = 1 + causes.index(known_cause(of, causes))
    levels, groups = levels_of(group, n, "group")
    if levels.size < 2:
        raise OptionError("`group` has one level. Give at least two groups to compare.")
    kinds = np.where(codes == 0, 0, np.where(codes == own, 1, 2))
    observed = np.bincount(groups, kinds == 1, levels.size)
    difference, variance = np.zeros(levels.size), np.zeros((levels.size, levels.size))
    for stratum in range(int(codes_of(strata, n, "strata").max()) + 1):
        some = rows.strata == stratum
        z, v = _moments(rows.time[some], kinds[some], groups[some], levels.size)
        difference, variance = difference + z, variance + v
    values, vectors = np.linalg.eigh(variance)
    informed = values > EMPTY * max(values[-1], EMPTY)
    if not informed.any():
        raise FitError(
            "no event of this cause happened while two groups were at risk",
            ["Compare groups that were followed over the same time.", "Use fewer strata."],
        )
    along = vectors[:, informed].T @ difference
    statistic, df = float(along**2 @ (1 / values[informed])), int(informed.sum())
    p_value = float(chi2.sf(statistic, df))
    return GrayTest(tuple(levels.tolist()), observed, observed - difference, variance, statistic, df, p_value)


def _moments(time: np.ndarray, kind: np.ndarray, group: np.ndarray, g: int) -> tuple[np.ndarray, np.ndarray]:
    """Return observed less expected events per group and their covariance, of one stratum.

    Weights are those of the subdistribution: of a group r, R = Y (1 - F) / S. What a group is off is a sum over its
    events: of the cause itself, and of any cause by way of S and F in R, which change all later weights.
    """
    times, place = np.unique(time, return_inverse=True)
    counts = np.zeros((times.size, g, 3))
    np.add.at(counts, (place, group, kind), 1)
    ended = counts.sum(axis=2)
    y = ended[::-1].cumsum(axis=0)[::-1]
    safe = np.maximum(y, 1)
    after = np.cumprod(np.where(y > 0, 1 - counts[:, :, 1:].sum(axis=2) / safe, 1.0), axis=0)
    before = np.vstack([np.ones(g), after[:-1]])
    share = np.cumsum(before * counts[:, :, 1] / safe, axis=0)
    share_before = np.vstack([np.zeros(g), share[:-1]])
    scaled = np.where(y > 0, y / np.where(before > 0, before, 1), 0.0)
    weights = scaled * (1 - share_before)
    events, whole = counts[:, :, 1].sum(axis=1), weights.sum(axis=1)
    difference = (counts[:, :, 1] - weights * (events / np.where(whole > 0, whole, 1))[:, None]).sum(axis=0)
    steps = events / np.where(scaled.sum(axis=1) > 0, scaled.sum(axis=1), 1)
    pooled = steps.cumsum()
    hazard = steps / (1 - np.append(0.0, pooled[:-1]))
    own = scaled[:, None, :] * (np.eye(g) - (scaled / np.maximum(scaled.sum(axis=1), 1e-300)[:, None])[:, :, None])
    later = np.cumsum(own * hazard[:, None, None], axis=0)
    later = later[-1] - later
    left = np.where(after > 0, (1 - pooled)[:, None] / np.where(after > 0, after, 1), 0.0)[:, None, :]
    inverse = before / safe
    tied = 1 - (np.maximum(events, 1) - 1)[:, None] / np.maximum(scaled.sum(axis=1)[:, None] * before - 1, 1)
    of_cause = np.where(y > 0, inverse * steps[:, None] * tied, 0.0)
    others = counts[:, :, 2]
    of_others = inverse**2 * others * (1 - (np.maximum(others, 1) - 1) / np.maximum(y - 1, 1))
    a, b = own + (1 - left) * later, left * later
    variance = np.einsum("tkr,tlr,tr->kl", a, a, of_cause) + np.einsum("tkr,tlr,tr->kl", b, b, of_others)
    return difference, variance
