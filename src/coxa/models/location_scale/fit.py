"""Mixed location scale models: how level and variability of days depend on covariates, and differ between persons."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import optimize, stats

from coxa.arguments import FRAME, TEXT, kinds
from coxa.errors import FitError, OptionError
from coxa.frames import Frame, as_pandas
from coxa.models.design.matrix import Design, design_matrix
from coxa.models.location_scale.likelihood import At, Problem, likelihood, nodes_for
from coxa.models.location_scale.result import LocationScaleFit
from coxa.models.location_scale.spec import LocationScaleSpec

Floats = NDArray[np.float64]

SMALLEST = 0.05
"""Standard deviation of the random scale below which it is taken to be zero."""

STEP = 1e-5
GRADIENT = 1e-5
"""Largest derivative of the log-likelihood, per row, of an optimum."""


@kinds(formula=TEXT, data=FRAME)
def fit_location_scale(
    formula: str,
    data: Frame,
    *,
    within: str = "1",
    between: str = "1",
    participant: str = "participant_id",
    random_scale: bool = True,
    weights: str | None = None,
    vcov: Literal["model", "CR0"] = "model",
    ddf: Literal["normal", "between-within"] = "normal",
    conf_level: float = 0.95,
) -> LocationScaleFit:
    """Fit a mixed model of the level and of the variability of repeated values by maximum likelihood.

    Parameters
    ----------
    formula : str
        Outcome and fixed effects of the mean, ``pain ~ arm + week``; every participant has a random intercept.
    data : frame
        One row per participant and day. Not changed; rows with a gap in a column that is used are left out.
    within : str
        Terms of the logarithm of the variance within participants, ``arm``; an intercept is added.
    between : str
        Terms of the logarithm of the variance of the intercepts, constant within participants; an intercept is added.
    participant : str
        Column of the participant.
    random_scale : bool
        Whether participants differ in their variance by a normal effect on its logarithm, which may correlate with the
        intercept. Where the estimate is zero the model without it is returned, with a warning.
    weights : str, optional
        Column of weights of days, above 0, such as the inverse of the probability that a day is written. They are
        scaled to a mean of 1; standard errors take them as known, and need `vcov="CR0"`.
    vcov : {"model", "CR0"}
        Standard errors by the model, or by a sandwich over participants times n / (n - 1), which also holds where days
        of a participant correlate from one to the next.
    ddf : {"normal", "between-within"}
        Degrees of freedom of tests and limits: none, or participants less the columns of the mean that are constant
        within participants.
    conf_level : float
        Between 0.5 and 1.

    Returns
    -------
    LocationScaleFit
        ``sd_ratio("arm[exercise]")`` is the ratio of SDs within participants.

    Raises
    ------
    OptionError
        A column is missing, or a term of `between` changes within a participant.
    FitError
        Too few days, an outcome without variance, or no optimum that can be proved.

    Notes
    -----
    log variance within = terms + effect of the participant; intercept and effect are bivariate normal. The integral
    over the intercept is closed, that over the scale by a rule of equal steps whose width follows from the days of a
    participant; a brute-force integral over both agrees to rounding. Normal tests are optimistic with few
    participants, and correlation from day to day is not in the model: it makes variances smaller and standard
    errors too small where it is strong. Source: Hedeker, Mermelstein & Demirtas, Biometrics 2008, 64:627-634.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> who = np.repeat(np.arange(40), 15)
    >>> arm = np.where(who < 20, "a", "b")
    >>> pain = 5 + rng.normal(size=40)[who] + np.where(arm == "b", 0.5, 1.0) * rng.normal(size=600)
    >>> rows = pd.DataFrame({"participant_id": who, "arm": arm, "pain": pain})
    >>> found = fit_location_scale("pain ~ arm", rows, within="arm", random_scale=False)
    >>> round(found.sd_ratio("arm[b]")["estimate"], 2)
    0.54
    """
    spec = LocationScaleSpec(
        formula=formula, within=within, between=between, participant=participant, random_scale=random_scale,
        weights=weights, vcov=vcov, ddf=ddf, conf_level=conf_level,
    )  # fmt: skip
    problem, designs, people = _problem(spec, as_pandas(data))
    warnings: list[str] = []
    theta, at, nodes = _maximised(problem)
    if problem.scale and np.exp(theta[-2]) < SMALLEST:
        warnings.append("the random scale was estimated at zero, and is not in the model")
        problem = replace(problem, scale=False)
        theta, at, nodes = _maximised(problem)
    covariance = _covariance(problem, theta, nodes)
    if spec.vcov == "CR0":
        covariance = _sandwich(problem, theta, nodes, covariance)
    df = float(len(problem.days) - _constant(problem)) if spec.ddf == "between-within" else np.inf
    if not df > 0:
        raise FitError(
            f"there are {len(problem.days)} participants and {_constant(problem)} columns that differ between them",
            ["Use fewer terms in the formula.", "Use ddf='normal'."],
        )
    return LocationScaleFit(
        coefficients=_table(problem, designs, theta, covariance, conf_level, df),
        loglik=at.loglik,
        n_participants=len(problem.days),
        n_days=len(problem.y),
        conf_level=conf_level,
        df=df,
        persons=pd.DataFrame(
            {
                "participant_id": people,
                "level": at.level,
                "sd_ratio": np.exp(at.scale / 2.0),
                "n_days": np.bincount(problem.who).astype(float),
            }
        ),
        random_scale=problem.scale,
        warnings=tuple(warnings),
        covariance=covariance,
        spec=spec,
        designs={part: designs[part] for part in ("mean", "within")},
        who=problem.who,
    )


def _problem(spec: LocationScaleSpec, data: pd.DataFrame) -> tuple[Problem, dict[str, Design], list[str]]:
    formula, within, between, participant = spec.formula, spec.within, spec.between, spec.participant
    if participant not in data.columns:
        raise OptionError(f"The rows have no column {participant!r}. Name that of the participants.")
    outcome = formula.split("~")[0].strip()
    designs: dict[str, Design] = {}
    keep = data[participant].notna().to_numpy()
    if spec.weights is not None:
        keep = keep & _weights(spec.weights, data).notna().to_numpy()
    for _ in range(2):  # the second time of the rows that are complete in all parts
        for part, text in (
            ("mean", formula),
            ("between", f"{outcome} ~ {between}"),
            ("within", f"{outcome} ~ {within}"),
        ):
            designs[part] = design_matrix(text, data, keep=keep)
        keep = keep & np.logical_and.reduce([one.complete for one in designs.values()])
    y = np.asarray(designs["mean"].y, dtype=float)
    codes, people = pd.factorize(data.loc[keep, participant].astype(str), sort=True)
    weights = np.ones(len(y))
    if spec.weights is not None:
        weights = _weights(spec.weights, data).to_numpy(dtype=float)[keep]
        weights = weights / weights.mean()
    days = np.bincount(codes, weights=weights).astype(float)
    if len(people) < 3 or len(y) < 2 * len(people):
        raise FitError(
            f"there are {len(y)} days of {len(people)} participants",
            ["Give three participants or more, with two days or more of each on average."],
        )
    if not y.std() > 0:
        raise FitError(f"the outcome {outcome} does not vary", ["Choose another outcome."])
    z = np.zeros((len(people), designs["between"].x.shape[1]))
    z[codes] = designs["between"].x
    if not np.allclose(z[codes], designs["between"].x):
        raise OptionError(f"A term of `between` ({between}) changes within a participant. Take it out.")
    problem = Problem(
        y, designs["mean"].x, designs["within"].x, z, codes.astype(np.intp), days, spec.random_scale, weights
    )
    return problem, designs, [str(one) for one in people]


def _weights(column: str, data: pd.DataFrame) -> pd.Series:
    """Return the weights of days; raise OptionError where one is not above 0."""
    if column not in data.columns:
        raise OptionError(f"The rows have no column {column!r}. Name that of the weights.")
    if not (data[column].dropna() > 0).all():
        raise OptionError(f"A weight in {column} is not above 0. Leave days without weight out.")
    return data[column]


def _constant(problem: Problem) -> int:
    """Return how many columns of the mean are constant within participants."""
    first = np.zeros((len(problem.days), problem.x.shape[1]))
    first[problem.who] = problem.x
    return int(np.isclose(first[problem.who], problem.x).all(axis=0).sum())


def _sandwich(problem: Problem, theta: Floats, nodes: Floats, bread: Floats) -> Floats:
    """Return the covariance from the spread of participants' scores."""
    scores = likelihood(problem, theta, nodes, by_person=True).scores
    assert scores is not None
    n = len(scores)
    return np.asarray(bread @ (scores.T @ scores) @ bread * n / (n - 1))


def _start(problem: Problem) -> Floats:
    """Return least squares, half of what is left between and half within, and a moderate random scale."""
    p, b, q = problem.sizes
    theta = np.zeros(p + b + q + (2 if problem.scale else 0))
    theta[:p] = np.linalg.lstsq(problem.x, problem.y, rcond=None)[0]
    left = problem.y - problem.x @ theta[:p]
    means = problem.sums(left) / problem.days
    inner = max(float(np.mean((left - means[problem.who]) ** 2)), 1e-6)
    theta[p : p + b] = np.linalg.lstsq(
        problem.z, np.full(len(means), np.log(max(float(means.var()), 1e-4))), rcond=None
    )[0]
    theta[p + b : p + b + q] = np.linalg.lstsq(problem.w, np.full(len(left), np.log(inner)), rcond=None)[0]
    if problem.scale:
        theta[-2] = np.log(0.4)
    return theta


def _maximised(problem: Problem) -> tuple[Floats, At, Floats]:
    """Return the optimum, the likelihood there, and the nodes."""
    theta = _start(problem)
    for _ in range(6):
        nodes = nodes_for(problem, float(np.exp(theta[-2]))) if problem.scale else np.zeros(1)
        bounds = (
            [(None, None)] * (len(theta) - 2) + [(np.log(SMALLEST / 4), 3.0), (-4.0, 4.0)] if problem.scale else None
        )
        found = optimize.minimize(
            _minus, theta, args=(problem, nodes), jac=True, method="L-BFGS-B", bounds=bounds,
            options={"maxiter": 1000, "maxfun": 4000, "ftol": 1e-15, "gtol": 1e-8},
        )  # fmt: skip
        theta = _polished(problem, np.asarray(found.x), nodes)
        wanted = nodes_for(problem, float(np.exp(theta[-2]))) if problem.scale else nodes
        if len(wanted) <= len(nodes):
            break
    at = likelihood(problem, theta, nodes)
    slope = np.abs(at.gradient).max() / len(problem.y)
    edge = problem.scale and np.exp(theta[-2]) < SMALLEST
    if not edge and not slope < GRADIENT:
        raise FitError(
            f"the location scale model has no proven optimum (largest derivative per day {slope:.1e})",
            ["Use fewer terms in `within` or `between`.", "Use random_scale=False."],
        )
    return theta, at, nodes


def _minus(theta: Floats, problem: Problem, nodes: Floats) -> tuple[float, Floats]:
    at = likelihood(problem, theta, nodes)
    return -at.loglik, -at.gradient


def _polished(problem: Problem, theta: Floats, nodes: Floats) -> Floats:
    """Return the point after Newton's steps, as long as they raise the likelihood."""
    here = likelihood(problem, theta, nodes)
    for _ in range(4):
        hessian = _hessian(problem, theta, nodes)
        if np.linalg.eigvalsh(-hessian)[0] <= 0:
            break
        step = theta - np.linalg.solve(hessian, here.gradient)
        there = likelihood(problem, step, nodes)
        if not there.loglik >= here.loglik - 1e-9:
            break
        theta, here = step, there
    return theta


def _hessian(problem: Problem, theta: Floats, nodes: Floats) -> Floats:
    """Return the second derivatives by central differences of the gradient."""
    m = len(theta)
    found = np.empty((m, m))
    for k in range(m):
        up, down = theta.copy(), theta.copy()
        up[k] += STEP
        down[k] -= STEP
        found[k] = (likelihood(problem, up, nodes).gradient - likelihood(problem, down, nodes).gradient) / (2 * STEP)
    return (found + found.T) / 2.0


def _covariance(problem: Problem, theta: Floats, nodes: Floats) -> Floats:
    information = -_hessian(problem, theta, nodes)
    if np.linalg.eigvalsh(information)[0] <= 0:
        raise FitError(
            "the information of the location scale model is not positive definite",
            ["Use fewer terms in `within` or `between`.", "Use random_scale=False."],
        )
    return np.asarray(np.linalg.inv(information))


def _table(
    problem: Problem, designs: dict[str, Design], theta: Floats, covariance: Floats, level: float, df: float
) -> pd.DataFrame:
    rows = [(part, term) for part in ("mean", "between", "within") for term in designs[part].names]
    rows += [("scale", "sd"), ("scale", "correlation")] if problem.scale else []
    error = np.sqrt(np.diagonal(covariance))
    z = stats.t.ppf((1 + level) / 2, df)
    table = pd.DataFrame(rows, columns=["part", "term"]).assign(
        estimate=theta, std_error=error, conf_low=theta - z * error, conf_high=theta + z * error
    )
    table["statistic"] = table["estimate"] / table["std_error"]
    table["p_value"] = 2 * stats.t.sf(table["statistic"].abs(), df)
    if problem.scale:
        for term, back, slope in (("sd", np.exp, np.exp), ("correlation", np.tanh, lambda t: 1 - np.tanh(t) ** 2)):
            k = table.index[(table["part"] == "scale") & (table["term"] == term)][0]
            at = float(table.loc[k, "estimate"])
            values = [back(float(table.loc[k, name])) for name in ("estimate", "conf_low", "conf_high")]
            table.loc[k, ["estimate", "conf_low", "conf_high"]] = values
            table.loc[k, "std_error"] = float(slope(at)) * float(table.loc[k, "std_error"])
            table.loc[k, ["statistic", "p_value"]] = np.nan
    return table[["part", "term", "estimate", "std_error", "statistic", "p_value", "conf_low", "conf_high"]]
