"""Fits of generalised linear models with a proven maximum."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from scipy import linalg

from coxa.arguments import FRAME, kinds
from coxa.errors import FitError, NonConvergenceError, SeparationError, check_option
from coxa.models.design.matrix import Basis, Design, design_matrix, orthonormal
from coxa.models.design.rows import check_cells, check_frame, check_unique
from coxa.models.glm.families import FAMILIES, Family
from coxa.models.glm.separation import separation

MOST_STEPS = 50
"""Steps of Newton's method; a maximum that exists is reached in far fewer."""

FLAT = 1e-10
"""Largest element of the gradient, in an orthonormal basis and relative to the outcome's length, at a maximum."""

NEARLY_SURE = 12.0
"""Linear predictor (log odds, or log count) beyond which separation is looked for although the steps converged."""


@dataclass(frozen=True, slots=True, repr=False)
class GLMFit:
    """A generalised linear model at its maximum.

    formula    : as given
    family     : name of the family
    design     : the rows that are analysed, and the recipe for new ones
    params     : coefficients, on the scale of the link
    covariance : of the coefficients, the inverse of the information; of a gaussian outcome with the residual variance
    fitted     : (N,) means of the analysed rows
    loglik     : log-likelihood; of a gaussian outcome at the maximum-likelihood variance
    scale      : residual variance with N - p degrees of freedom; 1 but for a gaussian outcome
    steps      : of Newton's method
    warnings   : what should be looked at

    Examples
    --------
    >>> d = pd.DataFrame({"arm": list("aaaabbbb"), "better": [0, 1, 0, 0, 1, 1, 0, 1]})
    >>> fit_glm("better ~ arm", d).residual_df
    6
    """

    formula: str
    family: str
    design: Design
    params: pd.Series
    covariance: pd.DataFrame
    fitted: np.ndarray
    loglik: float
    scale: float
    steps: int
    warnings: tuple[str, ...] = ()

    @property
    def residual_df(self) -> int:
        """Analysed rows less coefficients."""
        return len(self.design.y) - len(self.params)

    def means(self, x: np.ndarray) -> np.ndarray:
        """Return the means at design rows (`design.rows` makes them)."""
        return FAMILIES[self.family].mean(x @ self.params.to_numpy())

    def __repr__(self) -> str:
        return f"{self.family} model of {len(self.design.y)} rows: {self.formula}\n{self.params.to_string()}"


@kinds(data=FRAME)
def fit_glm(
    formula: str,
    data: pd.DataFrame,
    *,
    family: Literal["binomial", "poisson", "gaussian"] = "binomial",
    participant: str = "participant_id",
) -> GLMFit:
    """Fit a generalised linear model with the family's canonical link by maximum likelihood.

    Parameters
    ----------
    formula : str
        ``better ~ baseline + arm``; see `coxa.models.design.formula`.
    data : DataFrame
        One row per participant. Not changed; rows without a value that the formula needs are left out.
    family : {"binomial", "poisson", "gaussian"}
        Logistic regression of 0 and 1, log-linear regression of counts, or least squares.
    participant : str
        Column that says whose row it is; where there is one, nobody may have two rows.

    Returns
    -------
    GLMFit
        With a gradient that is zero to rounding.

    Raises
    ------
    SeparationError
        A coefficient would be infinite: covariates predict the outcome of some rows without error.
    EmptyCellError, RankDeficientError
        Coefficients that cannot be estimated.
    DataError
        A participant has two rows.
    FitError
        The outcome has values that the family does not, or there are too few rows.
    OptionError
        An option, a column, or a part of the formula is not allowed.

    Notes
    -----
    Newton's method, which with a canonical link is iteratively reweighted least squares, in an orthonormal basis of the
    design, with steps halved where the likelihood would fall.

    Examples
    --------
    >>> d = pd.DataFrame({"arm": list("aaaabbbb"), "better": [0, 1, 0, 0, 1, 1, 0, 1]})
    >>> fit_glm("better ~ arm", d).params.round(4).to_dict()
    {'Intercept': -1.0986, 'arm[b]': 2.1972}
    """
    kind = FAMILIES[check_option("family", family, list(FAMILIES))]
    data = with_numbers(check_frame(data), formula)
    design = design_matrix(formula, data)
    if participant in data.columns:
        check_unique(data, design.complete, (participant,))
    check_cells(design)
    check_outcome(design, kind)
    basis = orthonormal(design.x, design.names)
    try:
        gamma, steps = newton(basis.q, design.y, kind)
    except NonConvergenceError:
        refuse_separation(design, kind)
        raise
    if np.abs(basis.q @ gamma).max() > NEARLY_SURE:
        refuse_separation(design, kind)
    return assembled(design, basis, kind, gamma, steps)


def with_numbers(data: pd.DataFrame, formula: str) -> pd.DataFrame:
    """Return the data with a boolean outcome as 0 and 1."""
    response = formula.split("~", 1)[0].strip()
    if response in data.columns and pd.api.types.is_bool_dtype(data[response].dtype):
        return data.assign(**{response: data[response].astype("Float64").astype(float)})
    return data


def check_outcome(design: Design, family: Family) -> None:
    """Raise FitError where the outcome has values that the family does not, or leaves nothing to estimate."""
    wrong = design.y[~family.allowed(design.y)]
    name = design.formula.response
    if len(wrong):
        raise FitError(
            f"the outcome '{name}' has other values than {family.values}, such as {wrong[0]:g}, which a {family.kind} "
            f"of the family '{family.name}' does not have",
            ["Choose the family of the outcome, or make it yes or no first, by a threshold with a source."],
        )
    if len(design.y) <= len(design.names) or (family.scaled and np.ptp(design.y) == 0):
        raise FitError(
            f"{len(design.y)} rows and {len(design.names)} coefficients: nothing is left to tell how sure they are",
            ["Use a smaller formula, or look whether the right rows and the right outcome were given."],
        )


def newton(q: np.ndarray, y: np.ndarray, family: Family) -> tuple[np.ndarray, int]:
    """Return the coefficients of orthonormal columns at the maximum, and the steps it took.

    Raises
    ------
    NonConvergenceError
        The gradient does not come down to zero.
    """
    start = family.mean(np.zeros_like(y)) if family.name == "binomial" else np.full_like(y, max(y.mean(), 1e-3))
    gamma = q.T @ (np.log(start) if family.name == "poisson" else np.zeros_like(y))
    value = family.loglik(y, family.mean(q @ gamma)).sum()
    size = max(float(np.sqrt((y**2).sum())), 1.0)
    for step in range(MOST_STEPS):
        mean = family.mean(q @ gamma)
        gradient = q.T @ (y - mean)
        if np.abs(gradient).max() <= FLAT * size:
            return gamma, step
        try:
            move = linalg.cho_solve(linalg.cho_factor((q.T * family.slope(mean)) @ q), gradient)
        except linalg.LinAlgError:
            break
        for _ in range(30):
            after = family.loglik(y, family.mean(q @ (gamma + move))).sum()
            if after >= value - 1e-12 * abs(value):
                break
            move = move / 2
        gamma, value = gamma + move, after
    raise NonConvergenceError(
        f"the likelihood of a {family.kind} has no proven maximum after {MOST_STEPS} steps",
        ["Look at the covariates for values that are far from all others.", "Use a smaller formula."],
    )


def refuse_separation(design: Design, family: Family) -> None:
    """Raise SeparationError where there is no maximum, naming the coefficients that would be infinite."""
    length = np.sqrt((design.x**2).mean(axis=0))
    found = separation(design.x / length, design.y, family)
    if found is None:
        return
    names = [name for name, part in zip(design.names, found.direction, strict=True) if abs(part) > 1e-6]
    shown = [name for name in names if name != "Intercept"] or names
    share = f"{found.rows.sum()} of {len(design.y)} rows"
    raise SeparationError(
        f"the outcome '{design.formula.response}' is separated: {share} are predicted "
        f"without error by {', '.join(map(repr, shown))}, which would be infinite",
        [
            "Join levels of a factor with few participants, or leave the covariate out.",
            "Where an arm has no event, or nothing but events, use coxa.estimates.compare_proportions.",
        ],
    )


def assembled(design: Design, basis: Basis, family: Family, gamma: np.ndarray, steps: int) -> GLMFit:
    """Return the fit at the maximum, its coefficients those of the design."""
    names = list(design.names)
    mean = family.mean(basis.q @ gamma)
    n = len(design.y)
    scale = float(((design.y - mean) ** 2).sum() / (n - len(names))) if family.scaled else 1.0
    inverse = linalg.inv((basis.q.T * family.slope(mean)) @ basis.q)
    covariance = scale * basis.back @ inverse @ basis.back.T
    loglik = float(family.loglik(design.y, mean).sum())
    if family.scaled:
        loglik = float(-n / 2 * (np.log(2 * np.pi * -2 * loglik / n) + 1))
    return GLMFit(
        formula=design.formula.text,
        family=family.name,
        design=design,
        params=pd.Series(basis.back @ gamma, names),
        covariance=pd.DataFrame((covariance + covariance.T) / 2, names, names),
        fitted=mean,
        loglik=loglik,
        scale=scale,
        steps=steps,
        warnings=design.unused_said,
    )
