"""Marginal means: the outcome each arm would have, on average, at each visit."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from coxa.errors import check_level
from coxa.estimates.profile import Profile, profiled
from coxa.estimates.reference_grid import Averaging, Grid, check_fit, reference_grid
from coxa.estimates.table import Estimates
from coxa.models.results.fit import Fit
from coxa.models.results.totals import participants_by, rows_by


def marginal_means(
    fit: Fit,
    over: str = "arm",
    by: str | None = "visit",
    *,
    averaging: Averaging = "equal",
    at: Mapping[str, Any] | None = None,
    over_time: Profile | None = None,
    conf_level: float = 0.95,
) -> Estimates:
    """Estimate the mean outcome of each level of a factor, at each visit or over them.

    Parameters
    ----------
    fit : Fit
    over : str
        Factor whose means are wanted; its levels go to the column `arm`.
    by : str or None
        Factor within which they are wanted; its levels go to the column `visit`. None averages over visits. In a
        model of one visit it is that visit.
    averaging : {"equal", "proportional", "counterfactual"}
        How the levels of other factors count: alike (SAS LSMEANS, the default of emmeans), as often as they
        are among the analysed rows, or by averaging over the analysed participants' own covariates.
    at : mapping, optional
        Values at which covariates or factors are fixed, in place of their mean: ``{"baseline": 50}``.
    over_time : Profile, optional
        One number for the course in place of one per visit: `average`, `slope` or `auc` of
        `coxa.estimates.profile`. `term` then says which, and `visit` is empty.
    conf_level : float
        Between 0 and 1.

    Returns
    -------
    Estimates
        `n_participants` counts the level's participants in the model, `n_observations` its rows at the visit.

    Raises
    ------
    OptionError
        A factor, value or option is not allowed.

    Notes
    -----
    Source: Searle, Speed & Milliken, American Statistician 1980, 34:216-221.

    Examples
    --------
    >>> from coxa.models.ancova import fit_ancova
    >>> d = pd.DataFrame({"participant_id": range(6), "arm": list("aaabbb"), "y": [1.0, 2, 3, 4, 5, 6]})
    >>> marginal_means(fit_ancova("y ~ arm", d)).frame["estimate"].round(6).to_list()
    [2.0, 5.0]
    """
    check_level(conf_level)
    check_fit(fit)
    grid = grid_of(fit, over, by, averaging, at, over_time)
    counted = counts(fit, grid, over_time)
    method = described(fit, over, by, averaging, at, over_time)
    return Estimates.of(
        {
            **row,
            "outcome": fit.outcome,
            "visit": visit_of(fit, key),
            "arm": str(key[0]),
            "term": over_time.term if over_time else "marginal_mean",
            "n_participants": counted[key][0],
            "n_observations": counted[key][1],
            "method": method,
            "warning": "; ".join(fit.warnings),
        }
        for key, row in zip(grid.keys, numbers(fit, grid.rows, conf_level), strict=True)
    )


def grid_of(
    fit: Fit, over: str, by: str | None, averaging: Averaging, at: Mapping[str, Any] | None, over_time: Profile | None
) -> Grid:
    """Return the rows of the means: for each level and visit, or for each level over the visits."""
    grid = reference_grid(fit, kept(fit, over, by), averaging=averaging, at=at)
    return grid if over_time is None else profiled(fit, grid, over_time)


def kept(fit: Fit, over: str, by: str | None) -> list[str]:
    """Return the factors to keep apart; a model of one visit has no visit to keep."""
    one_visit = len(fit.sample.visits) == 1 and by in ("visit", fit.sample.visit_column)
    return [over] if by is None or (one_visit and by not in fit.design.levels) else [over, by]


def visit_of(fit: Fit, key: tuple[Any, ...]) -> str:
    """Return the text for the column `visit` of a combination (over, by)."""
    if len(key) > 1:
        return str(key[1])
    return str(fit.sample.visits[0]) if len(fit.sample.visits) == 1 else ""


def numbers(fit: Fit, rows: np.ndarray, conf_level: float) -> list[dict[str, float]]:
    """Return estimate, standard error, test and limits of each row (q, p)."""
    tested = fit.test(rows)
    half = stats.t.ppf((1 + conf_level) / 2, tested.df) * tested.std_error
    table = pd.DataFrame(
        {
            "estimate": tested.estimate,
            "std_error": tested.std_error,
            "df": tested.df,
            "statistic": tested.statistic,
            "p_value": tested.p_value,
            "conf_low": tested.estimate - half,
            "conf_high": tested.estimate + half,
            "conf_level": conf_level,
        }
    )
    return [{str(k): v for k, v in record.items()} for record in table.to_dict("records")]


def counts(fit: Fit, grid: Grid, over_time: Profile | None = None) -> dict[tuple[Any, ...], tuple[int, int]]:
    """Return for each combination the participants of its first factor's level and the rows of the whole.

    Over time the rows are those at the visits that have a weight.
    """
    visits = None if over_time is None else [visit for visit, weight in over_time.weights.items() if weight]
    over, cells = participants_by(fit, grid.factors[0]), rows_by(fit, grid.factors, visits)
    found = {}
    for key in grid.keys:
        cell = cells.get(key if len(key) > 1 else key[0], 0)
        found[key] = (int(over[key[0]]), int(cell))
    return found


def described(
    fit: Fit,
    over: str,
    by: str | None,
    averaging: Averaging,
    at: Mapping[str, Any] | None,
    over_time: Profile | None = None,
) -> str:
    """Return the method of a marginal mean in words, for a footnote."""
    others = [name for name in fit.design.levels if name not in {*kept(fit, over, by), *(at or {})}]
    parts = [fit.method]
    if over != "arm":
        parts.append(f"means of {over}")
    if averaging == "counterfactual":
        parts.append("averaged over the covariates of the analysed participants (g-computation)")
    elif others:
        parts.append(f"{averaging} weights over {', '.join(others)}")
    if at:
        parts.append("at " + ", ".join(f"{name} {value}" for name, value in at.items()))
    if over_time is not None:
        parts.append(over_time.said)
    return "; ".join(parts)
