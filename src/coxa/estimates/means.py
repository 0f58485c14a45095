"""Marginal means: the outcome each arm would have, on average, at each visit; and any combination of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from scipy import stats

from coxa.errors import OptionError, check_level, not_allowed
from coxa.estimates.profile import Profile, profiled
from coxa.estimates.reference_grid import Averaging, Grid, check_fit, participants_by, reference_grid, rows_by
from coxa.estimates.table import Estimates
from coxa.models.results.fit import Fit


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
    >>> import pandas as pd
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
    columns = {
        "estimate": tested.estimate,
        "std_error": tested.std_error,
        "df": tested.df,
        "statistic": tested.statistic,
        "p_value": tested.p_value,
        "conf_low": tested.estimate - half,
        "conf_high": tested.estimate + half,
        "conf_level": conf_level,
    }
    values = [np.broadcast_to(column, len(rows)).tolist() for column in columns.values()]
    return [dict(zip(columns, row, strict=True)) for row in zip(*values, strict=True)]


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


def linear_combination(
    fit: Fit,
    combination: Mapping[str, float] | Mapping[str, Mapping[str, float]],
    *,
    over: str = "arm",
    by: str | None = "visit",
    averaging: Averaging = "equal",
    at: Mapping[str, Any] | None = None,
    conf_level: float = 0.95,
) -> Estimates:
    """Estimate linear combinations of marginal means, of coefficients, or of both.

    Parameters
    ----------
    fit : Fit
    combination : mapping
        Name -> weight, or label -> (name -> weight) for several. A name is a marginal mean, ``exercise@week_12``
        (level of `over`, at, level of `by`; the level alone where `by` is None or the model has one visit), or a
        coefficient: ``baseline``, ``arm[exercise]:visit[week_12]``.
    over, by, at, conf_level
        As in `coxa.estimates.marginal_means`.
    averaging : {"equal", "proportional", "counterfactual"}
        `averaging` of the marginal means.

    Returns
    -------
    Estimates
        One row for each combination, its label in `arm`; without a label that is the combination itself.

    Raises
    ------
    OptionError
        A name is neither a marginal mean nor a coefficient, or is both; or all weights are zero.

    Examples
    --------
    >>> import pandas as pd
    >>> from coxa.models.ancova import fit_ancova
    >>> d = pd.DataFrame({"participant_id": range(6), "arm": list("aabbcc"), "y": [1.0, 2, 3, 4, 6, 7]})
    >>> e = linear_combination(fit_ancova("y ~ arm", d), {"a": -1, "b": 0.5, "c": 0.5})
    >>> e.frame[["arm", "estimate"]].round(6).to_dict("records")
    [{'arm': '-1 a + 0.5 b + 0.5 c', 'estimate': 3.5}]
    """
    check_level(conf_level)
    check_fit(fit)
    grid = reference_grid(fit, kept(fit, over, by), averaging=averaging, at=at)
    known = {"@".join(map(str, key)): row for key, row in zip(grid.keys, grid.rows, strict=True)}
    coefficients = dict(zip(fit.params.index, np.eye(len(fit.params)), strict=True))
    both = [name for name in known if name in coefficients]
    known |= {name: row for name, row in coefficients.items() if name not in known}
    labelled = labelled_combinations(combination)
    rows = []
    for label, combination in labelled.items():
        for name in combination:
            if name not in known:
                raise OptionError(not_allowed("mean or coefficient", name, known))
            if name in both:
                raise OptionError(f"'{name}' is both a mean and a coefficient. Rename the level or the column.")
        row = sum((weight * known[name] for name, weight in combination.items()), np.zeros(len(fit.params)))
        if not row.any():
            raise OptionError(
                f"The combination '{label}' is zero for all coefficients. Give it a weight that is not 0."
            )
        rows.append(row)
    method = described(fit, over, by, averaging, at)
    return Estimates.of(
        {
            **row,
            "outcome": fit.outcome,
            "arm": label,
            "term": "linear_combination",
            "n_participants": fit.n_participants,
            "n_observations": fit.n_observations,
            "method": f"{in_words(combination)}; {method}",
            "warning": "; ".join(fit.warnings),
        }
        for (label, combination), row in zip(labelled.items(), numbers(fit, np.array(rows), conf_level), strict=True)
    )


def labelled_combinations(weights: Mapping[str, Any]) -> dict[str, dict[str, float]]:
    """Return label -> (name -> weight), whichever of the two ways they were given."""
    nested = [isinstance(value, Mapping) for value in weights.values()]
    if not nested or (any(nested) and not all(nested)):
        raise OptionError(
            "`weights` is neither a mapping from name to weight nor from label to such a mapping. Give one of "
            "the two, with at least one weight."
        )
    if all(nested):
        return {str(label): {str(n): float(w) for n, w in inner.items()} for label, inner in weights.items()}
    single = {str(name): float(weight) for name, weight in weights.items()}
    return {in_words(single): single}


def in_words(combination: Mapping[str, float]) -> str:
    """Return a combination as text.

    Examples
    --------
    >>> in_words({"a": 1, "b": -0.5})
    '1 a - 0.5 b'
    """
    parts = [f"{'-' if w < 0 else '+'} {abs(w):g} {name}" for name, w in combination.items()]
    return " ".join(parts).removeprefix("+ ").replace("- ", "-", 1 if parts[0].startswith("-") else 0)
