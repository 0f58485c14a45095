"""Who responds in every imputed data set: logistic regression of many data sets together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np

from coxa.errors import FitError, OptionError, check_option
from coxa.impute.analyse import ArmRows, arm_rows, labels_at, visit_places
from coxa.impute.analysed import Analysed
from coxa.impute.imputations import Imputations
from coxa.models.numerics.one_thread import one_thread

Better = Literal["lower", "higher"]

ROUNDING = 1e-9
"""Slack for decimal fractions of a threshold."""

MOST_STEPS = 25
"""Newton steps of a logistic regression; without separation it needs four to eight."""


def analyse_responders(
    imputed: Imputations,
    formula: str,
    *,
    visit: str,
    threshold: float | np.ndarray,
    better: Better = "higher",
    against: str | None = None,
) -> Analysed:
    """Analyse in every imputed data set who responds, by logistic regression.

    Parameters
    ----------
    imputed : Imputations
        Of an outcome on the scale on which the response is defined.
    formula : str
        ``~ baseline + arm``, of columns that the imputation model has.
    visit : str
    threshold : float or (n,)
        A participant responds at this value or beyond it; one for all, or one each, in the order of
        `imputed.outcomes.participants`.
    better : {"higher", "lower"}
        Which side is beyond.
    against : str, optional
        The arm that all others are compared with; by default each is compared with its reference.

    Returns
    -------
    Analysed
        For each arm and its reference the difference and the ratio of the risks, standardised over the covariates of
        all participants, and the odds ratio; the risk of each arm. Ratios are on the logarithmic scale.

    Raises
    ------
    OptionError
        The visit is unknown, the arm is not in the formula, or there are other thresholds than participants.
    FitError
        The regression has no finite estimate in one of the data sets.

    Notes
    -----
    Standard errors of risks are by the delta method at the covariates of the trial. With an interaction of arm and
    covariates the odds ratio is that at their means.

    Examples
    --------
    >>> import pandas as pd
    >>> from coxa.impute import draw_parameters, impute_outcomes, incomplete_outcomes
    >>> from coxa.models import fit_mmrm
    >>> rng = np.random.default_rng(1)
    >>> who = np.repeat(np.arange(60), 2)
    >>> d = pd.DataFrame({"participant_id": who, "visit": ["week_1", "week_2"] * 60})
    >>> d["arm"] = np.where(who % 2, "a", "b")
    >>> d["change"] = rng.normal(size=60)[who] + rng.normal(size=120)
    >>> d.loc[[1, 3, 81], "change"] = np.nan
    >>> fit = fit_mmrm("change ~ arm * visit", d)
    >>> outcomes = incomplete_outcomes(fit, d, reference="b")
    >>> imputed = impute_outcomes(fit, outcomes, draw_parameters(fit, 20))
    >>> results = analyse_responders(imputed, "~ arm", visit="week_2", threshold=0.5)
    >>> results.labels["term"].tolist()
    ['risk', 'risk', 'risk_difference', 'risk_ratio', 'odds_ratio']
    """
    check_option("better", better, ("lower", "higher"))
    made, arm = arm_rows(imputed, formula, against), imputed.columns[3]
    marks = np.asarray(threshold, dtype=float)
    if marks.shape not in ((), (len(made.x),)):
        raise OptionError(f"`threshold` has the shape {marks.shape}. Give one number, or one for each participant.")
    place = visit_places(imputed, [visit])[0]
    designs = [made.design.rows_as(arm, k) @ made.back for k in range(len(made.levels))]
    labels = labels_at(imputed, made.labels("risk", "risk_difference", "risk_ratio", "odds_ratio"), [place])
    estimates, variances = [], []
    for block in imputed.blocks():
        with one_thread():
            beta, covariance = logistic(made.x, responds(block[:, :, place], marks, better))
            values, squares = compared_risks(made, designs, beta, covariance)
        estimates.append(values)
        variances.append(squares)
    side = "or more" if better == "higher" else "or less"
    cut = f"{float(marks):g} {side}" if marks.ndim == 0 else "a threshold for each participant"
    return Analysed(
        labels=labels,
        estimates=np.concatenate(estimates),
        variances=np.concatenate(variances),
        df_complete=np.full(len(labels), np.inf),
        n=len(made.x),
        method=f"logistic regression of responders ({cut})",
    )


def responds(y: np.ndarray, marks: float | np.ndarray, better: Better) -> np.ndarray:
    """Return 1 for outcomes (D, n) at a mark or on its better side, else 0."""
    return np.asarray(y >= marks - ROUNDING if better == "higher" else y <= marks + ROUNDING, dtype=float)


def compared_risks(
    made: ArmRows, designs: Sequence[np.ndarray], beta: np.ndarray, covariance: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return risks, their differences, logarithms of their ratios and of odds ratios (D, k), and squared errors."""
    risks, slopes = risks_of(designs, beta)
    numbers, gradients = [*risks], [*slopes]
    for a, r in made.pairs:
        numbers.append(risks[a] - risks[r])
        gradients.append(slopes[a] - slopes[r])
    for a, r in made.pairs:
        numbers.append(np.log(risks[a]) - np.log(risks[r]))
        gradients.append(slopes[a] / risks[a][:, None] - slopes[r] / risks[r][:, None])
    for row in made.differences:
        numbers.append(beta @ row)
        gradients.append(np.broadcast_to(row, beta.shape))
    g = np.array(gradients)
    return np.stack(numbers, axis=1), np.einsum("kdi,dij,kdj->dk", g, covariance, g, optimize=True)


def logistic(x: np.ndarray, y: np.ndarray, start: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Return coefficients (D, q) and covariances (D, q, q) of outcomes (D, n) of 0 and 1 on one design (n, q).

    start : (D, q) coefficients to begin with; zero unless given

    Raises
    ------
    FitError
        The likelihood of one of them has no maximum.
    """
    n, q = x.shape
    beta = np.zeros((len(y), q)) if start is None else start
    crossed = (x[:, :, None] * x[:, None, :]).reshape(n, q * q)
    for _ in range(MOST_STEPS):
        p = 1 / (1 + np.exp(-np.clip(beta @ x.T, -30, 30)))
        information = ((p * (1 - p)) @ crossed).reshape(-1, q, q)
        step = np.linalg.solve(information, ((y - p) @ x)[:, :, None])[..., 0]
        beta = beta + step
        if np.abs(x @ step.T).max() < 1e-10:
            return beta, np.linalg.inv(information)
    moving = np.flatnonzero(np.abs(x @ step.T).max(axis=0) >= 1e-10)
    raise FitError(
        f"the logistic regression has no finite estimate in {len(moving)} of {len(y)} imputed data sets",
        [
            "Use a smaller formula: an arm or a level in which all or none respond has no finite odds.",
            "Use the difference of the means.",
        ],
    )


def risks_of(designs: Sequence[np.ndarray], beta: np.ndarray) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Return for each arm the standardised risks (D,) and their derivatives in the coefficients (D, q)."""
    risks, slopes = [], []
    for x in designs:
        p = 1 / (1 + np.exp(-(beta @ x.T)))
        risks.append(p.mean(axis=1))
        slopes.append((p * (1 - p)) @ x / len(x))
    return risks, slopes
