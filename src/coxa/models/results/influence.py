"""How much one participant decides: the model without each of them, from the sums less that participant's."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, Literal, get_args

import numpy as np
import pandas as pd

from coxa.errors import OptionError, check_option
from coxa.models.numerics.newton import minimise, newton_step
from coxa.models.numerics.pattern_sums import Stack
from coxa.models.numerics.reml import Likelihood, covariances, likelihood
from coxa.models.results.fit import Fit
from coxa.models.results.rebuilt import Rebuilt, minus_loglik, point_at, rebuilt

Refit = Literal["one_step", "full", "fixed"]

NAMED = ("participant_id", "n_observations")
DISTANCES = ("cook_distance", "likelihood_distance")
OF_TARGET = ("estimate_without", "std_error_without", "change", "change_in_std_errors")
"""Columns of the result, in order."""

LOST = 1e9
"""By how much the variance of the coefficients may grow before one of them counts as lost with the participant."""

NOT_POSSIBLE = "the model cannot be fitted without this participant"


def influence(
    fit: Fit, rows: np.ndarray | pd.Series | Mapping[str, float] | None = None, *, refit: str = "one_step"
) -> pd.DataFrame:
    """Return what changes when each participant is left out.

    Parameters
    ----------
    fit : Fit
    rows : (p,) or mapping, optional
        A linear function of the coefficients to follow, for instance the primary contrast: a row of
        `coxa.estimates.contrast_rows`, or coefficient name -> weight.
    refit : {"one_step", "full", "fixed"}
        How the covariance is found again: by one Newton step from the optimum, by Newton steps until convergence
        is proved, or not at all. Coefficients are always those of the reduced data at that covariance.

    Returns
    -------
    DataFrame
        One row per participant, the most influential first: `participant_id`, `n_observations` (rows of the
        participant), `cook_distance`, `likelihood_distance`; with `rows` also `estimate_without`,
        `std_error_without` (by the model, not adjusted), `change` (without less with) and `change_in_std_errors`;
        `note` where the model cannot be fitted without the participant, the numbers then being missing.

    Raises
    ------
    OptionError
        `refit` is not allowed, or `rows` are several or name no coefficient.
    FitError
        The fit has no rows.

    Notes
    -----
    Cook's distance is (b - b_i)' Phi^-1 (b - b_i) / p, b_i without participant i. The likelihood distance is
    twice how much lower the (restricted) log-likelihood of all data is at the covariance found without i. A
    participant's sums are taken off those of the pattern, so that the cost of one does not grow with the number of
    the others. Sources: Cook & Weisberg, Residuals and Influence in Regression, 1982, section 5.2;
    Christensen, Pearson & Johnson, Technometrics 1992, 34:38-45, for mixed models. Participants are named: the
    table is not for sharing.

    Examples
    --------
    >>> from coxa.models import fit_ancova
    >>> d = pd.DataFrame({"participant_id": list("pqrst"), "x": [1.0, 2, 3, 4, 9], "y": [1.0, 2, 3, 4, 0]})
    >>> found = influence(fit_ancova("y ~ x", d), {"x": 1}, refit="fixed")
    >>> found.set_index("participant_id")["estimate_without"].round(6).iloc[:1].to_dict()
    {'t': 1.0}
    """
    check_option("refit", refit, get_args(Refit))
    model = rebuilt(fit)
    row = None if rows is None else one_row(fit, rows)
    target = None if row is None else row @ model.back
    distances = pd.DataFrame(list(each_without(fit, model, target, refit)))
    columns = [*NAMED, *DISTANCES, "note"]
    if row is not None:
        distances = distances.assign(estimate_without=float(row @ fit.params.to_numpy()) + distances["change"])
        columns = [*NAMED, *DISTANCES, *OF_TARGET, "note"]
    return distances[columns].sort_values("cook_distance", ascending=False, kind="stable", ignore_index=True)


def one_row(fit: Fit, rows: Any) -> np.ndarray:
    """Return the linear function as an array (p,)."""
    matrix = fit.weights(rows)
    if len(matrix) != 1:
        raise OptionError(f"There are {len(matrix)} rows, and influence follows one linear function. Give one row.")
    return matrix[0]


def each_without(fit: Fit, model: Rebuilt, target: np.ndarray | None, refit: str) -> Iterator[dict[str, Any]]:
    """Yield the row of each participant, pattern by pattern."""
    for k, pattern in enumerate(model.patterns):
        for places in pattern.rows:
            without = less(model.sums, k, pattern.visits, model.rows[places])
            named = {"participant_id": fit.sample.participant[places[0]], "n_observations": len(places)}
            try:
                at, lower = refitted(model, without, refit)
            except np.linalg.LinAlgError:
                missing = dict.fromkeys((*DISTANCES, *OF_TARGET), np.nan)
                yield {**named, **missing, "note": NOT_POSSIBLE}
                continue
            yield {**named, **measures(model, at, lower, target), "note": ""}


def less(sums: Stack, k: int, visits: np.ndarray, z: np.ndarray) -> Stack:
    """Return the sums without one participant of pattern k, seen at `visits` with rows z (v, p + 1)."""
    place = np.searchsorted(visits, sums.index[1:, sums.index[0] == k])
    crossed = z[place[0], :, None] * z[place[1], None, :]
    both = crossed + np.where(place[0] == place[1], 0.0, 1.0)[:, None, None] * crossed.swapaxes(1, 2)
    n, gram = sums.n.copy(), sums.gram.copy()
    n[k] -= 1
    gram[sums.index[0] == k] -= both.reshape(len(both), -1)
    if n[k] == 0:
        gram[sums.index[0] == k] = 0.0
    return replace(sums, n=n, gram=gram)


def refitted(model: Rebuilt, without: Stack, refit: str) -> tuple[Likelihood, float]:
    """Return the reduced likelihood at the covariance found again, and how much lower that of all data is there.

    Raises
    ------
    numpy.linalg.LinAlgError
        A fixed effect is lost with the participant, or there is no proven optimum without.
    """
    theta, structure, reml = model.theta, model.structure, model.reml
    at = likelihood(without, covariances(without, structure, theta), reml=reml)
    if np.trace(at.phi) > LOST * np.trace(model.at.phi):
        raise np.linalg.LinAlgError("a fixed effect is lost")
    if refit == "fixed":
        return at, 0.0
    if refit == "one_step":
        theta = theta + newton_step(point_at(without, structure, theta, reml=reml))[0]
    else:
        optimum = minimise(
            lambda there: minus_loglik(without, structure, there, reml=reml),
            lambda there: point_at(without, structure, there, reml=reml),
            theta,
        )
        if not optimum.converged:
            raise np.linalg.LinAlgError(optimum.failure)
        theta = optimum.point.theta
    at = likelihood(without, covariances(without, structure, theta), reml=reml)
    return at, model.at.loglik + minus_loglik(model.sums, structure, theta, reml=reml)


def measures(model: Rebuilt, at: Likelihood, lower: float, target: np.ndarray | None) -> dict[str, float]:
    """Return the distances and the change of the target, a function (p,) of the orthonormal coefficients."""
    moved = at.beta - model.at.beta
    answers = {
        "cook_distance": float(moved @ np.linalg.solve(model.at.phi, moved)) / len(moved),
        "likelihood_distance": 2 * max(lower, 0.0),
    }
    if target is not None:
        change = float(target @ moved)
        answers |= {
            "std_error_without": float(np.sqrt(target @ at.phi @ target)),
            "change": change,
            "change_in_std_errors": change / float(np.sqrt(target @ model.at.phi @ target)),
        }
    return answers
