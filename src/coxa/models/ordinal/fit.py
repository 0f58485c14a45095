"""Cumulative logit models of ordered outcomes, at a proven maximum."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from coxa.arguments import FRAME, kinds
from coxa.errors import FitError, NonConvergenceError, SeparationError
from coxa.models.design.rows import check_frame
from coxa.models.numerics.newton import TIE, Optimum
from coxa.models.numerics.quadrature import Clusters
from coxa.models.ordinal import random_intercept
from coxa.models.ordinal.data import OrdinalData, ordinal_data
from coxa.models.ordinal.likelihood import Thresholds, maximise
from coxa.models.ordinal.record import OrdinalFit, RandomIntercept
from coxa.models.ordinal.separation import separation
from coxa.models.ordinal.spec import OrdinalSpec

NEARLY_SURE = 12.0
"""Log odds beyond which separation is looked for although the steps converged."""

EVEN = 1e-6
"""Largest difference between a Hessian and its transpose, scaled to a unit diagonal, of derivatives to be relied on."""

NO_VARIANCE = 1e-4
"""Standard deviation of an intercept, in log odds, below which it is zero if zero is a maximum too."""


@kinds(data=FRAME)
def fit_ordinal(
    formula: str,
    data: pd.DataFrame,
    *,
    levels: Sequence[Any] | None = None,
    partial: Sequence[str] = (),
    participant: str = "participant_id",
    points: int = 25,
) -> OrdinalFit:
    """Fit a cumulative logit model of an ordered outcome by maximum likelihood.

    Parameters
    ----------
    formula : str
        ``pain ~ baseline + arm``; with ``+ (1 | participant_id)`` a random intercept, for several rows of each
        participant. See `coxa.models.design.formula`.
    data : DataFrame
        One row per participant, or per participant and visit with a random intercept. Not changed; rows without a
        value that the formula needs are left out, and counted in `fit.design.left_out`.
    levels : sequence, optional
        The categories from the lowest to the highest; unless given those of an ordered categorical column. One that
        no analysed row has is left out, with a warning.
    partial : sequence of str
        Terms with an effect at each threshold: the model of partly proportional odds. All others have proportional
        odds.
    participant : str
        Column that says whose row it is; without a random intercept of it, a participant has one row.
    points : int
        Nodes of the adaptive quadrature over a random intercept; 1 is Laplace's approximation.

    Returns
    -------
    OrdinalFit
        With a gradient of zero and a positive definite Hessian.

    Raises
    ------
    SeparationError
        A coefficient or a threshold would be infinite.
    EmptyCellError, RankDeficientError
        Coefficients that cannot be estimated.
    NonConvergenceError
        There is no proven maximum.
    DataError
        A participant has several rows and no random intercept.
    FitError
        The outcome has a value that is no level, or one value only, or clusters have one row each.
    OptionError
        An option, a column, or a part of the formula is not allowed.

    Notes
    -----
    logit P(Y <= j) = threshold_j - x'b - u: **a positive coefficient moves to higher categories**, as in R's
    ordinal::clm, MASS::polr and statsmodels; SAS's PROC LOGISTIC has the opposite sign unless `descending` is given.
    exp(b) is the odds ratio of a category above any threshold. Effects of `partial` have the same direction (those of
    clm's `nominal` the opposite). u is normal with mean zero; b is then given the cluster. Without u the log-likelihood
    is concave; Newton's method with exact derivatives finds its maximum, or a linear program the direction in which it
    rises without end. Sources: McCullagh, Journal of the Royal Statistical Society B 1980, 42:109-142 (the model);
    Peterson & Harrell, Applied Statistics 1990, 39:205-217 (partly proportional odds).

    Examples
    --------
    >>> pain = ["none", "mild", "severe", "mild", "none", "none", "mild", "mild"]
    >>> d = pd.DataFrame({"arm": list("aaaabbbb"), "pain": pain})
    >>> fit = fit_ordinal("pain ~ arm", d, levels=["none", "mild", "severe"])
    >>> fit.params.round(3).to_dict()
    {'none|mild': -1.365, 'mild|severe': 1.365, 'arm[b]': -1.475}
    """
    spec = OrdinalSpec(formula=formula, levels=levels, partial=partial, participant=participant, points=points)
    return fitted(spec, ordinal_data(spec, check_frame(data)))


def fitted(spec: OrdinalSpec, data: OrdinalData) -> OrdinalFit:
    """Return the fit of rows that are read."""
    centre, scale = spread_of(data.design.x)
    rows = data.thresholds((data.design.x - centre) / scale)
    back = back_from(data, centre, scale)
    optimum = without_intercept(data, rows)
    inverse = np.linalg.inv(optimum.point.hessian)
    if data.cluster is None:
        return assembled(spec, data, back, optimum, inverse, None)
    errors = np.sqrt(np.diag(inverse))
    found = with_intercept(spec, data, rows, optimum, errors)
    if found is None:
        return assembled(spec, data, back, optimum, inverse, 0.0)
    return assembled(spec, data, back, found, np.linalg.inv(found.point.hessian), abs(float(found.point.theta[-1])))


def spread_of(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return mean and standard deviation of each column; 0 and 1 of a constant one."""
    scale = x.std(axis=0)
    constant = scale <= 1e-12 * np.abs(x).max(axis=0)
    return np.where(constant, 0.0, x.mean(axis=0)), np.where(constant, 1.0, scale)


def back_from(data: OrdinalData, centre: np.ndarray, scale: np.ndarray) -> np.ndarray:
    """Return the matrix (q, q) from coefficients of columns less `centre` over `scale` to those of the columns."""
    k, common, partial = data.k, list(data.common), list(data.partial)
    per_threshold = np.repeat(scale[partial], k)
    back = np.diag(1 / np.concatenate([np.ones(k), scale[common], per_threshold]))
    back[:k, k : k + len(common)] = centre[common] / scale[common]
    for c, j in enumerate(partial):
        start = k + len(common) + c * k
        back[:k, start : start + k] = np.eye(k) * centre[j] / scale[j]
    return back


def without_intercept(data: OrdinalData, rows: Thresholds) -> Optimum:
    """Return the maximum without random intercept, or say by name why there is none."""
    if len(data.codes) <= len(data.names):
        raise FitError(
            f"{len(data.codes)} rows and {len(data.names)} coefficients: nothing is left to tell how sure they are",
            ["Use a smaller formula, or join categories of the outcome."],
        )
    optimum = maximise(rows, data.codes, data.k)
    ends = np.concatenate(rows.predictors(optimum.point.theta))
    if not optimum.converged or np.abs(ends[np.isfinite(ends)]).max() > NEARLY_SURE:
        refuse_separation(data, rows)
    if not optimum.converged:
        raise NonConvergenceError(
            f"the likelihood of the ordered outcome has no proven maximum: {optimum.failure}",
            ["Look at the covariates for values that are far from all others.", "Use a smaller formula."],
        )
    return optimum


def refuse_separation(data: OrdinalData, rows: Thresholds) -> None:
    """Raise SeparationError where there is no maximum, naming what would be infinite."""
    found = separation(rows)
    if found is None:
        return
    names = [name for name, part in zip(data.names, found.direction, strict=True) if abs(part) > 1e-6]
    effects = [name for name in names if name not in data.names[: data.k]]
    raise SeparationError(
        f"the outcome '{data.design.formula.response}' is separated: {found.rows.sum()} of {len(data.codes)} rows are "
        f"predicted better without end by {', '.join(map(repr, effects or names))}, which would be infinite",
        [
            "Join neighbouring categories with few participants, or leave the covariate out.",
            "Where a term of `partial` is named, give it proportional odds.",
            "Compare two arms by coxa.estimates.win_probability, which needs no model.",
        ],
    )


def with_intercept(
    spec: OrdinalSpec, data: OrdinalData, rows: Thresholds, start: Optimum, errors: np.ndarray
) -> Optimum | None:
    """Return the maximum with a random intercept; None where it has no variance there."""
    assert data.cluster is not None
    order = np.argsort(data.cluster, kind="stable")
    sorted_rows = Thresholds(rows.above[order], rows.below[order], rows.highest[order], rows.lowest[order])
    common = np.zeros(len(data.names), dtype=bool)
    common[data.k : data.k + len(data.common)] = True
    clusters = Clusters.of(data.cluster[order])
    model = random_intercept.Clustered(sorted_rows, common, clusters, spec.points)
    at_zero = random_intercept.slope_at_no_variance(sorted_rows, clusters, start.point.theta) <= 0
    optimum = random_intercept.maximise(model, start.point.theta, errors)
    if at_zero:
        gone = abs(optimum.point.theta[-1]) < NO_VARIANCE
        if gone or not optimum.converged or optimum.point.value > start.point.value - TIE:
            return None
    if not optimum.converged or not optimum.point.made_of < EVEN:
        why = optimum.failure or "its second derivatives are not accurate"
        raise NonConvergenceError(
            f"the likelihood with a random intercept of {data.factor} has no proven maximum: {why}",
            ["Give more quadrature points, such as points=50.", f"Leave (1 | {data.factor}) out of the formula."],
        )
    return optimum


FEW_CLUSTERS = 10
"""Levels of a random intercept below which a warning says that their variance is imprecise."""


def assembled(
    spec: OrdinalSpec,
    data: OrdinalData,
    back: np.ndarray,
    optimum: Optimum,
    inverse: np.ndarray,
    sd: float | None,
) -> OrdinalFit:
    """Return the fit with coefficients of the columns as they are."""
    names, q = list(data.names), len(data.names)
    whole = np.eye(len(inverse))
    whole[:q, :q] = back
    if len(inverse) > q:
        whole[q, q] = np.sign(optimum.point.theta[q])
    joint = whole @ inverse @ whole.T
    joint = (joint + joint.T) / 2
    intercept = None
    if sd is not None and data.factor is not None:
        error = float(np.sqrt(joint[q, q])) if len(joint) > q else float("nan")
        intercept = RandomIntercept(data.factor, sd, error, len(data.labels), spec.points)
    return OrdinalFit(
        spec=spec,
        data=data,
        params=pd.Series(back @ optimum.point.theta[:q], names),
        covariance=pd.DataFrame(joint[:q, :q], names, names),
        joint=joint,
        random=intercept,
        loglik=-optimum.point.value,
        distance=optimum.distance,
        steps=optimum.iterations,
        warnings=(*data.design.unused_said, *warned(data, sd)),
    )


def warned(data: OrdinalData, sd: float | None) -> list[str]:
    """Say what should be looked at."""
    said = []
    if data.absent:
        said.append(f"no analysed row has {data.design.formula.response} {', '.join(map(str, data.absent))}")
    if sd == 0.0:
        said.append(f"the variance between levels of {data.factor} is estimated as zero, the model without them")
    if sd is not None and len(data.labels) < FEW_CLUSTERS:
        said.append(
            f"{data.factor} has {len(data.labels)} levels, fewer than {FEW_CLUSTERS}: its variance is imprecise"
        )
    return said
