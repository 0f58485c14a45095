"""The rows of the design at which marginal means are taken, and the counts of the analysed rows behind them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np
import pandas as pd

from coxa.errors import OptionError, check_kind, check_option, not_allowed
from coxa.models.results.fit import Fit
from coxa.models.results.records import COUNT, VISIT

if TYPE_CHECKING:
    from coxa.models.results.record import FitRecord


Averaging = Literal["equal", "proportional", "counterfactual"]


@dataclass(frozen=True, slots=True)
class Grid:
    """Averaged design rows, one for each combination of levels of the factors that are kept.

    factors : names of the factors that are kept
    keys    : the combinations, in the order of the levels
    rows    : (number of combinations, p) weights of the coefficients
    """

    factors: tuple[str, ...]
    keys: tuple[tuple[Any, ...], ...]
    rows: np.ndarray


def reference_grid(
    fit: Fit,
    factors: Sequence[str],
    *,
    averaging: Averaging = "equal",
    at: Mapping[str, Any] | None = None,
) -> Grid:
    """Average the design over the factors that are not kept, covariates at their mean.

    Covariates stand at their mean over the analysed rows (before any transform in the formula), as with
    emmeans in R and LSMEANS in SAS. Factors that are not kept are averaged over: all combinations of their
    levels count alike, or in proportion to how many analysed rows have them. With counterfactual weights there
    is no average participant: each analysed participant is given every combination in turn, with the covariates
    that are his or her own, and the predictions are averaged (g-computation).

    Parameters
    ----------
    fit : Fit
    factors : sequence of str
        Factors to keep apart.
    averaging : {"equal", "proportional", "counterfactual"}
    at : mapping, optional
        Values of covariates, or levels of factors, to fix.

    Raises
    ------
    OptionError
        A factor or value is not in the model, or (counterfactual) a covariate varies within a participant.

    Notes
    -----
    Source of g-computation: Robins, Mathematical Modelling 1986, 7:1393-1512; for a linear model of a trial,
    FDA, Adjusting for Covariates in Randomized Clinical Trials, 2023. The covariates are taken as given.
    """
    check_option("averaging", averaging, get_args(Averaging))
    design, fixed = fit.design, dict(at or {})
    for name in factors:
        check_factor(fit, name)
    for name, value in fixed.items():
        check_fixed(fit, name, value)
    keys = tuple(product(*(design.levels[name] for name in factors)))
    if averaging == "counterfactual":
        return Grid(tuple(factors), keys, counterfactual(fit, factors, keys, fixed))
    averaged = [name for name in design.levels if name not in factors and name not in fixed]
    inner = list(product(*(design.levels[name] for name in averaged)))
    values: dict[str, Any] = {
        name: covariate_mean(fit, name) for name in design.formula.variables if name not in design.levels
    }
    frame = pd.DataFrame(
        [
            {**values, **dict(zip(averaged, levels, strict=True)), **fixed, **dict(zip(factors, key, strict=True))}
            for key in keys
            for levels in inner
        ]
    )
    rows = design.rows(frame).reshape(len(keys), len(inner), -1)
    return Grid(tuple(factors), keys, np.einsum("j,ijp->ip", shares(fit, averaged, inner, averaging), rows))


def counterfactual(
    fit: Fit, factors: Sequence[str], keys: Sequence[tuple[Any, ...]], fixed: Mapping[str, Any]
) -> np.ndarray:
    """Return the design row of each combination, averaged over the analysed participants; shape (keys, p).

    A visit that is neither kept nor fixed counts alike for everybody.
    """
    taken = {*factors, *fixed}
    spread = [name for name in fit.design.levels if name == fit.sample.visit_column and name not in taken]
    own = [name for name in fit.design.formula.variables if name not in (*taken, *spread)]
    people = own_covariates(fit, own)
    visits = list(product(*(fit.design.levels[name] for name in spread)))
    rows = []
    for key in keys:
        given = {**fixed, **dict(zip(factors, key, strict=True))}
        frames = [people.assign(**given, **dict(zip(spread, at, strict=True))) for at in visits]
        rows.append(fit.design.rows(pd.concat(frames)).mean(axis=0))
    return np.array(rows)


def own_covariates(fit: Fit, names: Sequence[str]) -> pd.DataFrame:
    """Return one row per analysed participant with the covariates named; OptionError where one varies within."""
    if fit.totals is not None:
        raise OptionError(
            "Counterfactual weights need every participant, and a fit of chunks keeps no rows. Fit the rows as "
            "one data frame."
        )
    frame = fit.design.frame[list(names)].reset_index(drop=True)
    groups = frame.groupby(fit.sample.participant, sort=False)
    for name in names:
        if (groups[name].nunique() > 1).any():
            raise OptionError(
                f"Counterfactual weights need one value per participant, but '{name}' varies within a "
                f"participant. Fix it with at={{'{name}': ...}}, or use averaging='proportional'."
            )
    return frame.loc[~pd.Series(fit.sample.participant).duplicated().to_numpy()]


def check_fit(fit: object) -> None:
    """Raise OptionError unless it is a fitted model."""
    check_kind("fit", fit, Fit, "a fitted model, such as fit_mmrm(...)")


def check_factor(fit: Fit, name: str) -> None:
    """Raise OptionError unless `name` is a factor of the model."""
    check_kind("factor", name, str, "the name of a column of the model")
    if name in fit.design.levels:
        return
    if name in fit.design.formula.variables:
        raise OptionError(f"'{name}' is a number in the model. Make it categorical to have a mean for each value.")
    raise OptionError(not_allowed("factor of the model", name, fit.design.levels))


def check_fixed(fit: Fit, name: str, value: Any) -> None:
    """Raise OptionError unless `name` is in the model and can have that value."""
    if name not in fit.design.formula.variables:
        raise OptionError(not_allowed("variable of the model", name, fit.design.formula.variables))
    if name in fit.design.levels and value not in fit.design.levels[name]:
        raise OptionError(not_allowed(f"level of {name}", value, map(str, fit.design.levels[name])))


def shares(fit: Fit, averaged: Sequence[str], inner: Sequence[tuple[Any, ...]], averaging: Averaging) -> np.ndarray:
    """Return the weight of each combination of the factors averaged over; they add up to one."""
    if averaging == "equal" or not averaged:
        return np.full(len(inner), 1 / len(inner))
    counts = rows_by(fit, averaged)
    found = [counts.get(levels if len(averaged) > 1 else levels[0], 0) for levels in inner]
    return np.array(found, dtype=float) / sum(found)


def covariate_mean(fit: FitRecord, name: str) -> float:
    """Return the mean of a covariate over the analysed rows."""
    return float(fit.design.frame[name].mean()) if fit.totals is None else fit.totals.means[name]


def rows_by(fit: FitRecord, factors: Sequence[str], visits: Sequence[Any] | None = None) -> pd.Series:
    """Return the number of analysed rows of each combination of levels, at some of the visits or all."""
    if fit.totals is None:
        frame = fit.design.frame
        if visits is not None:
            frame = frame[pd.Index(fit.sample.visit).isin(list(visits))]
        return frame.groupby(list(factors), observed=True).size()
    totals = fit.totals
    cells = totals.chosen(totals.cells, {} if visits is None else {VISIT: visits})
    return cells.groupby(list(factors), observed=True)[COUNT].sum()


def participants_by(fit: FitRecord, factor: str) -> pd.Series:
    """Return the number of participants with analysed rows at each level of a factor."""
    if fit.totals is None:
        frame = fit.design.frame.assign(**{COUNT: fit.sample.participant})
        return frame.groupby(factor, observed=True)[COUNT].nunique()
    totals = fit.totals
    if factor not in totals.people:
        raise OptionError(f"Chunks do not count participants at each '{factor}'. Fit the rows as one data frame.")
    return totals.chosen(totals.people, {}).groupby(factor, observed=True)[COUNT].sum()


def counted_at(fit: FitRecord, levels: Mapping[str, Sequence[Any]], visit: Any | None) -> tuple[int, int]:
    """Return participants of the levels named, and their rows, at one visit or all."""
    if fit.totals is None:
        frame = fit.design.frame
        chosen = np.logical_and.reduce([frame[name].isin(list(wanted)).to_numpy() for name, wanted in levels.items()])
        here = chosen if visit is None else chosen & (fit.sample.visit == visit)
        return len(set(fit.sample.participant[chosen])), int(here.sum())
    totals = fit.totals
    at = levels if visit is None else {**levels, VISIT: [visit]}
    people = totals.chosen(totals.people, levels)[COUNT].sum()
    return int(people), int(totals.chosen(totals.cells, at)[COUNT].sum())
