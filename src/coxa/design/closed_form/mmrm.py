"""The mixed model for repeated measures, with participants lost from visit to visit."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

import numpy as np

from coxa.design.closed_form.answer import Accuracy, Power, Question, t_answer, with_numbers
from coxa.design.closed_form.means import imbalance_factor
from coxa.errors import OptionError, check_option


@with_numbers
def power_mmrm(
    *,
    covariance: np.ndarray | Sequence[Sequence[float]],
    retention: Sequence[float],
    retention_compared: Sequence[float] | None = None,
    weights: Sequence[float] | None = None,
    baseline: bool = False,
    test: Literal["t", "normal"] = "t",
    difference: float | None = None,
    n: int | None = None,
    power: float | None = None,
    ratio: float = 1.0,
    alpha: float = 0.05,
    sides: Literal[1, 2] = 2,
) -> Power:
    """Solve the MMRM with unstructured covariance for power, sample size or detectable difference.

    Parameters
    ----------
    covariance : (m, m)
        Of the outcome over the visits within an arm; for correlations and standard deviations,
        ``np.outer(sd, sd) * correlation``.
    retention : (m,)
        Share of the reference arm that has a value at each visit; whoever is lost does not come back, so the shares
        do not rise.
    retention_compared : (m,), optional
        The same of the compared arm, if it differs.
    weights : (m,), optional
        Of the difference over the visits; the last visit if not given.
    baseline
        True: the first visit is the baseline, on which all later ones are adjusted, each with its own slope
        (`baseline * visit`); everybody has it, and its weight is 0.
    test
        t with as many degrees of freedom as participants with a last value, less 2 (less 3 with a baseline), which
        is exact for complete data and else a little cautious; or normal, as in the paper.
    difference, n, power, ratio, alpha, sides
        As `power_two_means`; dropout is in `retention`. `n_analysed` counts participants with a value at the last
        visit.

    Returns
    -------
    Power

    Raises
    ------
    OptionError, FitError
        As `power_two_means`; the covariance is not symmetric and positive definite, shares rise or are out of range.

    Notes
    -----
    One participant of an arm brings the information sum_j (r_j - r_j+1) [inverse of the covariance of the first j
    visits, padded with zeros]; the variance of the mean profile is its inverse over n (Lu, Luo & Chen, International
    Journal of Biostatistics 2008, 4(1), article 9). It holds for data missing at random and takes the covariance as
    known.

    Examples
    --------
    >>> found = power_mmrm(
    ...     covariance=0.25 + 0.75 * np.eye(4), retention=(1, 0.9, 0.8, 0.7), difference=0.5, power=0.8, test="normal"
    ... )
    >>> found.n
    (87, 87)
    """
    check_option("test", test, ("t", "normal"))
    own = _covariance(covariance)
    kept = _retention(retention, len(own))
    kept_compared = kept if retention_compared is None else _retention(retention_compared, len(own))
    contrast = _contrast(weights, len(own), baseline)
    question = Question(difference, n, power, ratio, alpha, sides, 0.0)
    if baseline:
        if len(own) < 2 or min(kept[0], kept_compared[0]) < 1:
            raise OptionError(
                "`baseline` is True, and there is one visit, or the first is not attended by all. Give two "
                "visits or more, the first with retention 1."
            )
        own = own[1:, 1:] - np.outer(own[1:, 0], own[0, 1:]) / own[0, 0]
        kept, kept_compared, contrast = kept[1:], kept_compared[1:], contrast[1:]
    first = float(contrast @ mean_variance(own, kept) @ contrast)
    second = float(contrast @ mean_variance(own, kept_compared) @ contrast)

    def accuracy(reference: float, compared: float) -> Accuracy:
        variance = first / reference + second / compared
        last = reference * kept[-1] + compared * kept_compared[-1]
        if test == "normal":
            return Accuracy(math.sqrt(variance), math.inf)
        inflated = variance * (imbalance_factor(last, 1) if baseline else 1.0)
        return Accuracy(math.sqrt(inflated), last - 2 - baseline)

    inputs = {
        "covariance": np.asarray(covariance, dtype=float).tolist(),
        "retention": tuple(retention),
        "retention_compared": None if retention_compared is None else tuple(retention_compared),
        "weights": None if weights is None else tuple(weights),
        "baseline": baseline,
        "test": test,
        "ratio": ratio,
    }
    found = t_answer("MMRM, unstructured covariance", question, accuracy, inputs, "Lu, Luo & Chen 2008")
    analysed = (found.n[0] * float(kept[-1]), found.n[1] * float(kept_compared[-1]))
    return replace(found, n_analysed=analysed)


def mean_variance(covariance: np.ndarray, retention: np.ndarray) -> np.ndarray:
    """Return the covariance of an arm's estimated mean profile, (m, m), times the number randomised to it.

    Parameters
    ----------
    covariance : (m, m)
        Over the visits.
    retention : (m,)
        Share with a value at each visit, not rising.
    """
    lost = retention - np.append(retention[1:], 0.0)
    information = np.zeros_like(covariance)
    for j, share in enumerate(lost, start=1):
        information[:j, :j] += share * np.linalg.inv(covariance[:j, :j])
    return np.asarray(np.linalg.inv(information))


def _covariance(given: np.ndarray | Sequence[Sequence[float]]) -> np.ndarray:
    matrix = np.array(given, dtype=float)
    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1] or not np.allclose(matrix, matrix.T):
        raise OptionError("`covariance` is not a symmetric matrix. Give one row and one column per visit.")
    if np.linalg.eigvalsh(matrix).min() <= 1e-10 * matrix.diagonal().max():
        raise OptionError("`covariance` is not positive definite. Look for a correlation of 1 or a wrong entry.")
    return matrix


def _retention(given: Sequence[float], visits: int) -> np.ndarray:
    shares = np.array(given, dtype=float)
    if shares.shape != (visits,):
        raise OptionError(
            f"`retention` has {shares.size} shares and the covariance {visits} visits. Give one share per visit."
        )
    if (shares <= 0).any() or (shares > 1).any() or (np.diff(shares) > 0).any():
        raise OptionError(
            f"`retention` is {shares.tolist()}. Give shares above 0, at most 1, none above the one before."
        )
    return shares


def _contrast(given: Sequence[float] | None, visits: int, baseline: bool) -> np.ndarray:
    contrast = np.eye(visits)[-1] if given is None else np.array(given, dtype=float)
    if contrast.shape != (visits,) or not contrast.any():
        raise OptionError(f"`weights` are {contrast.tolist()}. Give one per visit, not all zero.")
    if baseline and contrast[0]:
        raise OptionError(f"`weights` gives the baseline {contrast[0]}, and it is adjusted for. Give it the weight 0.")
    return contrast
