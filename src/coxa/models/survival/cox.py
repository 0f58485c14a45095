"""Cox's model of proportional hazards: ties by Efron or Breslow, strata, late entry, variances robust by cluster."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from coxa.arguments import FRAME
from coxa.errors import (
    FewClustersError,
    MonotoneLikelihoodError,
    NonConvergenceError,
    OptionError,
    RankDeficientError,
    TooFewParticipantsError,
    check_option,
)
from coxa.frames import as_pandas
from coxa.models.numerics.newton import Optimum, minimise
from coxa.models.survival.cox_fit import CoxFit
from coxa.models.survival.follow_up import FollowUp, codes_of, follow_up
from coxa.models.survival.monotone import endless_direction
from coxa.models.survival.partial import (
    Stratum,
    information_of_rows,
    minus_log_likelihood,
    point_at,
    score_of_rows,
    strata_of,
)
from coxa.models.survival.specs import CORRECTIONS, Correction

NO_INFORMATION = 1e-9
"""Eigenvalue of the information at 0, of covariates scaled to a unit diagonal, that is none."""

MONOTONE = 1e-7
"""Information about a direction at the optimum, relative to that at 0, below which the likelihood may be monotone."""

FAR = 12.0
"""Logarithm of a hazard ratio between two rows from which information is rounding where rows enter late and leave."""


def fit_cox_arrays(
    time: ArrayLike,
    event: ArrayLike,
    covariates: pd.DataFrame | Mapping[str, ArrayLike] | ArrayLike,
    *,
    start: ArrayLike | None = None,
    strata: ArrayLike | None = None,
    cluster: ArrayLike | None = None,
    ties: Literal["efron", "breslow"] = "efron",
    correction: Correction = "none",
) -> CoxFit:
    """Fit Cox's model of proportional hazards to arrays; `fit_cox` takes a formula and a frame.

    Parameters
    ----------
    time, event : (n,)
        Time to the event or to censoring; 1 for an event, 0 for a censored time.
    covariates : frame or (n, p)
        Numbers, one column per covariate, without an intercept.
    start : (n,), optional
        After which time a row is at risk: rows of one participant follow each other in recurrent events.
    strata : (n,), optional
        Labels of strata, each with a baseline hazard of its own.
    cluster : (n,), optional
        Labels of clusters, such as participants with several rows: the variance is then robust (Lin and Wei), without
        a correction for few clusters.
    ties : "efron" or "breslow", default "efron"
        How events at the same time are handled.
    correction : "none" or "leverage", default "none"
        Of a robust variance for few clusters: each cluster's score is divided by one less its share of the information,
        as Mancl and DeRouen have it for estimating equations.

    Raises
    ------
    MonotoneLikelihoodError
        The likelihood rises without end in a direction, so that there is no estimate.
    RankDeficientError
        The data say nothing of a covariate, or of a combination of them.

    Examples
    --------
    >>> fit = fit_cox_arrays([6, 7, 9, 10, 13, 15], [1, 0, 1, 1, 1, 0], {"b": [0, 1, 0, 1, 0, 1]})
    >>> fit.tidy().round(3).loc[0, ["hazard_ratio", "std_error"]].tolist()
    [0.274, 1.166]
    """
    check_option("ties", ties, ("efron", "breslow"))
    check_option("correction", correction, CORRECTIONS)
    rows = follow_up(time, event, start, strata)
    names, x = _columns(covariates, rows.time.size)
    clusters = None if cluster is None else codes_of(cluster, rows.time.size, "cluster")
    scale = spread(x)
    parts = strata_of(rows, (x - x.mean(axis=0)) / scale, ties)
    return maximised(
        rows, parts, names, scale, ties, None if clusters is None else partial(_robust, clusters, correction)
    )


def spread(x: np.ndarray) -> np.ndarray:
    """Return the (p,) standard deviations of covariates, 1 where there is none."""
    return np.where(x.std(axis=0) > 0, x.std(axis=0), 1.0)


def maximised(
    rows: FollowUp,
    parts: Sequence[Stratum],
    names: tuple[str, ...],
    scale: np.ndarray,
    ties: str,
    variance: Callable[[Sequence[Stratum], np.ndarray, np.ndarray], RobustVariance] | None = None,
) -> CoxFit:
    """Return the fit at the proven maximum of a partial likelihood.

    Parameters
    ----------
    rows : FollowUp
    parts : list of Stratum
        With covariates that are centred and over `scale`.
    names : p names
    scale : (p,)
    ties : "efron" or "breslow"
    variance : function of strata, coefficients and inverse information, optional
        A robust covariance.
    """
    if not rows.event.any():
        raise TooFewParticipantsError("no row has an event", ["Check how events are coded.", "Follow up for longer."])
    optimum = _optimum(list(parts), names)
    theta, model = optimum.point.theta, np.linalg.inv(optimum.point.hessian)
    found = RobustVariance(model, None) if variance is None else variance(parts, theta, model)
    per_unit = np.outer(1 / scale, 1 / scale)
    return CoxFit(
        names,
        theta / scale,
        found.covariance * per_unit,
        model * per_unit,
        -optimum.point.value,
        -minus_log_likelihood(list(parts), np.zeros(len(names))),
        rows.time.size,
        int(rows.event.sum()),
        ties,
        found.clusters,
        -optimum.point.gradient * np.sqrt(np.diag(model)),
        optimum.iterations,
        rows,
        tuple(parts),
        scale,
        {name: (k,) for k, name in enumerate(names)},
        expected=None if found.expected is None else found.expected * per_unit,
    )


@dataclass(frozen=True, slots=True)
class RobustVariance:
    """A covariance of coefficients.

    covariance : (p, p)
    clusters   : number of clusters whose scores it is of; None of the inverse information
    expected   : (K, p, p) what each cluster is expected to add to a corrected one; None without a correction
    """

    covariance: np.ndarray
    clusters: int | None
    expected: np.ndarray | None = None


def _columns(
    covariates: pd.DataFrame | Mapping[str, ArrayLike] | ArrayLike, n: int
) -> tuple[tuple[str, ...], np.ndarray]:
    """Return names and a matrix of covariates, or refuse by name."""
    if isinstance(covariates, pd.DataFrame | Mapping):
        frame = pd.DataFrame(covariates)
    elif FRAME.fits(covariates):
        frame = as_pandas(covariates)  # type: ignore[arg-type]
    else:
        given = np.asarray(covariates)
        frame = pd.DataFrame(given[:, None] if given.ndim == 1 else given)
    names = tuple(str(each) if isinstance(each, str) else f"x{each}" for each in frame.columns)
    if len(frame) != n or not names:
        raise OptionError(f"`covariates` has {len(frame)} rows and `time` {n}. Give one row for each time.")
    for name, (_, column) in zip(names, frame.items(), strict=True):
        if not (pd.api.types.is_numeric_dtype(column) and np.isfinite(column.astype(float)).all()):
            raise OptionError(
                f"`{name}` has values that are missing or no numbers. Give numbers, and 0 and 1 for the levels of a"
                " category."
            )
    return names, frame.to_numpy(dtype=float)


def _optimum(parts: list[Stratum], names: tuple[str, ...]) -> Optimum:
    """Return a proven maximum of the likelihood, or say by name why there is none."""
    at_zero = point_at(parts, np.zeros(len(names)))
    _check_informed(at_zero.hessian, names)
    try:
        with np.errstate(all="ignore"):
            found = minimise(partial(minus_log_likelihood, parts), partial(point_at, parts), at_zero.theta)
        reason = found.failure or _flat(at_zero.hessian, found.point.hessian)
    except np.linalg.LinAlgError:
        reason = "the derivatives are not finite"
    if not reason and _widest(parts, found.point.theta) < FAR:
        return found
    endless = endless_direction(parts, at_zero.gradient)
    if endless is not None:
        raise _monotone(endless, names)
    if not reason:
        return found
    raise NonConvergenceError(
        f"the partial likelihood has no proven maximum: {reason}",
        ["Look for covariates that nearly tell who has the event.", "Leave a covariate out."],
    )


def _widest(parts: list[Stratum], theta: np.ndarray) -> float:
    """Return the largest difference of a linear predictor within a stratum."""
    return max(float(np.ptp(part.x @ theta)) for part in parts)


def _flat(at_zero: np.ndarray, at_end: np.ndarray) -> str:
    """Say that information about a direction has vanished since the start; empty if it has not."""
    half = np.linalg.inv(np.linalg.cholesky(at_zero))
    smallest = np.linalg.eigvalsh(half @ at_end @ half.T)[0]
    return "" if smallest > MONOTONE else "the likelihood is flat there"


def _check_informed(information: np.ndarray, names: tuple[str, ...]) -> None:
    """Refuse covariates, or combinations of them, that are the same for all who are at risk together."""
    diagonal = np.diag(information)
    constant = [name for name, value in zip(names, diagonal, strict=True) if value < NO_INFORMATION]
    remedies = ["Leave one of these covariates out.", "Use fewer strata."]
    if constant:
        raise RankDeficientError(f"nothing is known of {_listed(constant)}: all who are at risk are alike", remedies)
    scale = 1 / np.sqrt(diagonal)
    values, vectors = np.linalg.eigh(scale[:, None] * information * scale)
    if values[0] < NO_INFORMATION:
        part = [name for name, size in zip(names, np.abs(vectors[:, 0]), strict=True) if size > 1e-6]
        raise RankDeficientError(f"the covariates {_listed(part)} are combinations of each other", remedies)


def _monotone(direction: np.ndarray, names: tuple[str, ...]) -> MonotoneLikelihoodError:
    size = np.abs(direction) / np.abs(direction).max()
    part = [name for name, each in zip(names, size, strict=True) if each > 1e-6]
    return MonotoneLikelihoodError(
        f"the hazard ratio of {_listed(part)} is zero or infinite: every event is that of a participant with the"
        " highest risk of all who were at risk",
        [
            "Count events at each level of these covariates, and join levels without events.",
            "Compare the groups by the log-rank test or by restricted mean survival time.",
        ],
    )


def _robust(
    clusters: np.ndarray, correction: str, parts: Sequence[Stratum], theta: np.ndarray, model: np.ndarray
) -> RobustVariance:
    """Return the sandwich of scores that are added up within clusters."""
    scores = score_of_rows(list(parts), theta, clusters.size)
    if correction == "none":
        return RobustVariance(*sandwich(scores, clusters, model))
    count, p = int(clusters.max()) + 1, theta.size
    shares, summed = np.zeros((count, p, p)), np.zeros((count, p))
    np.add.at(shares, clusters, information_of_rows(list(parts), theta, clusters.size))
    np.add.at(summed, clusters, scores)
    left = np.eye(p) - shares @ model
    found, _ = sandwich(np.linalg.solve(left, summed[:, :, None])[:, :, 0], np.arange(count), model)
    turned = np.linalg.solve(left, np.linalg.solve(left, shares).swapaxes(1, 2))
    return RobustVariance(found, count, model @ turned @ model)


def sandwich(of_rows: np.ndarray, clusters: np.ndarray, model: np.ndarray) -> tuple[np.ndarray, int]:
    """Return the covariance of scores (n, p) that are added up within clusters, and the number of these."""
    count = int(clusters.max()) + 1
    if count <= model.shape[0]:
        raise FewClustersError(
            f"there are {count} clusters for {model.shape[0]} coefficients",
            ["Leave `cluster` out.", "Leave covariates out."],
        )
    scores = np.zeros((count, model.shape[0]))
    np.add.at(scores, clusters, of_rows)
    moved = scores @ model
    return np.asarray(moved.T @ moved), count


def _listed(names: list[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)
