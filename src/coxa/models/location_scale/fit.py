"""Mixed location scale models: how level and variability of days depend on covariates, and differ between persons."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import optimize, stats

from coxa.arguments import FRAME, TEXT, kinds
from coxa.cards import Card, Carded
from coxa.errors import FitError, OptionError, check_level
from coxa.frames import Frame, as_pandas
from coxa.models.design.matrix import Design, design_matrix
from coxa.models.location_scale.likelihood import At, Problem, likelihood, nodes_for

Floats = NDArray[np.float64]

PARTS = ("mean", "between", "within", "scale")
SMALLEST = 0.05
"""Standard deviation of the random scale below which it is taken to be zero."""

STEP = 1e-5
GRADIENT = 1e-5
"""Largest derivative of the log-likelihood, per row, of an optimum."""


@dataclass(frozen=True, slots=True, repr=False)
class LocationScaleFit(Carded):
    """A mixed location scale model.

    coefficients : one row per coefficient: `part` (mean; between and within: of the logarithm of a variance; scale: SD
                   of the random scale, and its correlation with the level), `term`, `estimate`, `std_error`,
                   `statistic`, `p_value`, `conf_low`, `conf_high`
    loglik       : maximised
    n_participants, n_days : in the model
    conf_level   : of the limits
    persons      : one row per participant: `level`, by how much it lies above the mean, and `sd_ratio`, how many times
                   the SD of an average participant of the same covariates, both predicted
    random_scale : whether persons differ in their variance
    warnings     : what was found on the way

    Examples
    --------
    >>> rows = pd.DataFrame({"participant_id": list("aaabbbccc"), "y": [1.0, 2, 3, 4, 6, 5, 9, 8, 7]})
    >>> fit_location_scale("y ~ 1", rows, random_scale=False).n_days
    9
    """

    coefficients: pd.DataFrame
    loglik: float
    n_participants: int
    n_days: int
    conf_level: float
    persons: pd.DataFrame
    random_scale: bool
    warnings: tuple[str, ...]
    covariance: Floats = field(repr=False)

    def sd_ratio(self, term: str) -> dict[str, float]:
        """Return the ratio of SDs within participants per unit of a term of the variance: estimate, limits, p.

        Raises
        ------
        OptionError
            The variance has no such term.
        """
        mine = self.coefficients[self.coefficients["part"] == "within"]
        rows = {str(row["term"]): row for row in mine.to_dict("records")}
        if term not in rows:
            raise OptionError(f"The variance has no term {term!r}. Name one of {', '.join(rows)}.")
        values = {name: float(np.exp(rows[term][name] / 2.0)) for name in ("estimate", "conf_low", "conf_high")}
        return {**values, "p_value": float(rows[term]["p_value"])}

    def card(self) -> Card:
        """Return what a terminal and a notebook show."""
        facts = {
            "Participants": str(self.n_participants),
            "Days": str(self.n_days),
            "Log-likelihood": f"{self.loglik:.4f}",
            "Warnings": "; ".join(self.warnings),
        }
        head = ["part", "term", "estimate", "std_error", "p_value"]
        rows = [[f"{cell:.4g}" if isinstance(cell, float) else str(cell) for cell in row]
                for row in self.coefficients[head].itertuples(index=False)]  # fmt: skip
        return Card("Mixed location scale model", {name: said for name, said in facts.items() if said}, head, rows)


@kinds(formula=TEXT, data=FRAME)
def fit_location_scale(
    formula: str,
    data: Frame,
    *,
    within: str = "1",
    between: str = "1",
    participant: str = "participant_id",
    random_scale: bool = True,
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
    participant; a brute-force integral over both agrees to rounding. Tests are normal, so that with few participants
    they are optimistic, and correlation from day to day is not in the model: it makes variances smaller and standard
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
    check_level(conf_level)
    problem, names, people = _problem(formula, as_pandas(data), within, between, participant, random_scale)
    warnings: list[str] = []
    theta, at, nodes = _maximised(problem)
    if problem.scale and np.exp(theta[-2]) < SMALLEST:
        warnings.append("the random scale was estimated at zero, and is not in the model")
        problem = Problem(problem.y, problem.x, problem.w, problem.z, problem.who, problem.days, scale=False)
        theta, at, nodes = _maximised(problem)
    covariance = _covariance(problem, theta, nodes)
    return LocationScaleFit(
        coefficients=_table(problem, names, theta, covariance, conf_level),
        loglik=at.loglik,
        n_participants=len(problem.days),
        n_days=len(problem.y),
        conf_level=conf_level,
        persons=pd.DataFrame(
            {"participant_id": people, "level": at.level, "sd_ratio": np.exp(at.scale / 2.0), "n_days": problem.days}
        ),
        random_scale=problem.scale,
        warnings=tuple(warnings),
        covariance=covariance,
    )


def _problem(formula: str, data: pd.DataFrame, within: str, between: str, participant: str, scale: bool
             ) -> tuple[Problem, dict[str, list[str]], list[str]]:  # fmt: skip
    if participant not in data.columns:
        raise OptionError(f"The rows have no column {participant!r}. Name that of the participants.")
    outcome = formula.split("~")[0].strip()
    designs: dict[str, Design] = {}
    keep = data[participant].notna().to_numpy()
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
    days = np.bincount(codes).astype(float)
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
    names = {part: list(designs[part].names) for part in designs}
    problem = Problem(y, designs["mean"].x, designs["within"].x, z, codes.astype(np.intp), days, scale)
    return problem, names, [str(one) for one in people]


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
    problem: Problem, names: dict[str, list[str]], theta: Floats, covariance: Floats, level: float
) -> pd.DataFrame:
    rows = [(part, term) for part in ("mean", "between", "within") for term in names[part]]
    rows += [("scale", "sd"), ("scale", "correlation")] if problem.scale else []
    error = np.sqrt(np.diagonal(covariance))
    z = stats.norm.ppf((1 + level) / 2)
    table = pd.DataFrame(rows, columns=["part", "term"]).assign(
        estimate=theta, std_error=error, conf_low=theta - z * error, conf_high=theta + z * error
    )
    table["statistic"] = table["estimate"] / table["std_error"]
    table["p_value"] = 2 * stats.norm.sf(table["statistic"].abs())
    if problem.scale:
        for term, back, slope in (("sd", np.exp, np.exp), ("correlation", np.tanh, lambda t: 1 - np.tanh(t) ** 2)):
            k = table.index[(table["part"] == "scale") & (table["term"] == term)][0]
            at = float(table.loc[k, "estimate"])
            values = [back(float(table.loc[k, name])) for name in ("estimate", "conf_low", "conf_high")]
            table.loc[k, ["estimate", "conf_low", "conf_high"]] = values
            table.loc[k, "std_error"] = float(slope(at)) * float(table.loc[k, "std_error"])
            table.loc[k, ["statistic", "p_value"]] = np.nan
    return table[["part", "term", "estimate", "std_error", "statistic", "p_value", "conf_low", "conf_high"]]
