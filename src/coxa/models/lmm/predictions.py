"""What is asked of the random effects of a fit: predictions of each level's, and of outcomes with and without them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy import stats

from coxa.errors import FitError, OptionError, check_level, not_allowed
from coxa.models.lmm.random_part import RandomPart
from coxa.models.numerics.mixed.blup import (
    BlockEffects,
    Combined,
    effects_of_blocks,
    joint_error,
    members,
    outer_effects,
)

if TYPE_CHECKING:
    from coxa.models.results.record import FitRecord


def random_part_of(fit: FitRecord) -> RandomPart:
    """Return the random part; FitError where the fit has none."""
    if fit.random is None and fit.has_random_effects:
        raise FitError(
            f"the fit of '{fit.formula}' by statsmodels keeps no random effects", ["Fit it with engine='coxa'."]
        )
    if fit.random is None:
        raise FitError(
            f"the fit of '{fit.formula}' has no random effects that could be predicted",
            ["Put one in the formula: (1 | therapist).", "For participants, use fit_lmm with (1 | participant_id)."],
        )
    return fit.random


def random_effects(fit: FitRecord, factor: str | None = None) -> pd.DataFrame:
    """Predict the random effects of the levels of each factor, or of one (best linear unbiased predictions).

    Parameters
    ----------
    fit : Fit
        With random effects.
    factor : str, optional
        Name of one factor.

    Returns
    -------
    DataFrame
        One row per factor, level and effect: `factor`, `level`, `effect`, `value` (in units of the outcome per unit of
        the effect), `std_error` of value less true effect with the error of the coefficients in it (as SAS prints),
        `conditional_sd` without that (as lme4 gives), `n_observations`. Effects that a level cannot have (of another
        arm) are left out.

    Raises
    ------
    FitError
        The fit has no random effects.
    OptionError
        It has no such factor.

    Examples
    --------
    >>> from coxa.models.lmm.api import fit_lmm
    >>> d = pd.DataFrame({"participant_id": list("aabbcc"), "y": [1.0, 2, 4, 5, 9, 8]})
    >>> random_effects(fit_lmm("y ~ 1 + (1 | participant_id)", d))["level"].to_list()
    ['a', 'b', 'c']
    """
    part = random_part_of(fit)
    names = [one.name for one in part.factors]
    if factor is not None and factor not in names:
        raise OptionError(not_allowed("factor", factor, names))
    predicted = predictions(part)
    tables = []
    for k, one in enumerate(part.factors):
        if factor in (None, one.name):
            q = len(one.names)
            seen = np.zeros((len(one.labels), q), dtype=bool)
            there = one.codes >= 0
            np.logical_or.at(seen, one.codes[there], one.effects[there] != 0)
            table = pd.DataFrame(
                {
                    "factor": one.name,
                    "level": np.repeat(one.labels, q),
                    "effect": np.tile(one.names, len(one.labels)),
                    "value": predicted.values[k].ravel(),
                    "std_error": np.sqrt(predicted.errors[k].ravel()),
                    "conditional_sd": np.sqrt(predicted.conditional[k].ravel()),
                    "n_observations": np.repeat(np.bincount(one.codes[there], minlength=len(one.labels)), q),
                }
            )
            tables.append(table[seen.ravel()])
    return pd.concat(tables, ignore_index=True)


@dataclass(frozen=True, slots=True)
class Predicted:
    """Predictions of all factors in units of the data: (levels, q) each; errors and conditional are variances."""

    values: list[np.ndarray]
    errors: list[np.ndarray]
    conditional: list[np.ndarray]


def predictions(part: RandomPart) -> Predicted:
    """Return the predictions of the effects of all levels of all factors."""
    model, at = part.model, part.optimum.at
    u, error, given = outer_effects(model, at), joint_error(model, at), joint_error(model, at, coefficients=False)
    variance, conditional = (np.diagonal(each, axis1=1, axis2=2) for each in (error, given))
    effects: dict[int, tuple[np.ndarray, np.ndarray, np.ndarray]] = {}
    outer = [k for k in range(len(part.factors)) if k != part.block]
    for k, placed in zip(outer, model.outer_factors.factors, strict=True):
        effects[k] = placed.of_levels(u), placed.of_levels(variance), placed.of_levels(conditional)
    if part.block is not None:
        own = effects_of_blocks(model, at, part.blocks)
        count = len(part.factors[part.block].labels)
        effects[part.block] = tuple(each[:count] for each in (own.values, own_error(own, error), own_error(own, given)))  # type: ignore[assignment]
    size = part.ready.size
    scaled = [
        tuple(each * (size / part.ready.sizes[k]) ** power for each, power in zip(effects[k], (1, 2, 2), strict=True))
        for k in range(len(part.factors))
    ]
    values, errors, cond = zip(*scaled, strict=True)
    return Predicted(list(values), list(errors), list(cond))


def own_error(own: BlockEffects, error: np.ndarray) -> np.ndarray:
    """Return the variance of the errors of the effects of blocks (n, q)."""
    variance = np.diagonal(own.own, axis1=1, axis2=2).copy()
    for c, blocks in members(own.component):
        variance[blocks] += np.einsum("nqa,nqa->nq", own.reach[blocks] @ error[c], own.reach[blocks])
    return variance


def predict(
    fit: FitRecord, data: pd.DataFrame, *, random: bool | Sequence[str] = True, conf_level: float = 0.95
) -> pd.DataFrame:
    """Predict the mean outcome of new rows, with the random effects of their levels or without.

    Parameters
    ----------
    fit : Fit
        Of any model; only one with random effects can predict with them.
    data : DataFrame
        Rows with the columns of the formula; not changed. A level that the fit does not know (a new participant), or
        that is missing, has random effects of zero, and their variance goes into the error. Rows that are meant to be
        without a factor (`partially_nested`) have no effect of it and no such variance.
    random : bool or sequence of str
        Whether random effects are added: all, none, or those of the factors named.
    conf_level : float
        Between 0 and 1.

    Returns
    -------
    DataFrame
        In the order and with the index of `data`: `estimate`, in units of the outcome; `std_error` of estimate less
        true mean of such a row; `conf_low`, `conf_high` by the t distribution with `df` of the fixed part; `known`,
        whether all levels asked for are in the fit. Rows with a missing covariate are not numbers.

    Raises
    ------
    OptionError
        A column is missing, a categorical one has a level that the fit does not know, a numeric one has text, or a
        factor is not in the model.
    FitError
        The fit has random effects that it did not keep (``engine="statsmodels"``); ask for ``random=False``.

    Notes
    -----
    The residual is not in the error: it is that of a mean, not of one more observation. Without random effects the
    estimate is that of the fixed effects, for an average level of each factor.

    Examples
    --------
    >>> from coxa.models.lmm.api import fit_lmm
    >>> d = pd.DataFrame({"participant_id": list("aabbcc"), "y": [1.0, 2, 4, 5, 9, 8]})
    >>> fit = fit_lmm("y ~ 1 + (1 | participant_id)", d)
    >>> new = pd.DataFrame({"participant_id": ["a", "new"]})
    >>> predict(fit, new)["estimate"].round(2).to_list()
    [1.57, 4.83]
    """
    check_level(conf_level)
    wanted = asked_factors(fit, random)
    needed = list(dict.fromkeys([*fit.design.formula.variables, *needed_by(fit, wanted)]))
    absent = [name for name in needed if name not in data.columns]
    if absent:
        raise OptionError(
            f"The rows to predict have no column {', '.join(absent)}. Add it. The model needs {', '.join(needed)}."
        )
    missing = data[needed_in_effects(fit, wanted)].isna().any(axis=1).to_numpy()
    rows = data.loc[~missing]
    x = fit.design.rows(rows)
    estimate = x @ fit.params.to_numpy()
    variance = np.einsum("ia,ab,ib->i", x, fit.inference.covariance, x)
    known = np.ones(len(rows), dtype=bool)
    if wanted:
        added, variance, known = with_effects(random_part_of(fit), wanted, x, rows)
        estimate = estimate + added
    df = np.array([fit.inference.df(row) for row in x])
    half = stats.t.ppf((1 + conf_level) / 2, df) * np.sqrt(variance)
    columns = {
        "estimate": estimate,
        "std_error": np.sqrt(variance),
        "df": df,
        "conf_low": estimate - half,
        "conf_high": estimate + half,
    }
    table = pd.DataFrame(columns, index=np.flatnonzero(~missing)).reindex(range(len(data)))
    table["known"] = pd.Series(known, np.flatnonzero(~missing)).reindex(range(len(data)), fill_value=False)
    return table.set_index(data.index)


def asked_factors(fit: FitRecord, random: bool | Sequence[str]) -> list[int]:
    """Return the positions of the factors whose effects are to be added."""
    if random is False or (random is True and not fit.has_random_effects):
        return []
    part = random_part_of(fit)
    names = [factor.name for factor in part.factors]
    if random is True:
        return list(range(len(names)))
    asked = [random] if isinstance(random, str) else list(random)
    for name in asked:
        if name not in names:
            raise OptionError(not_allowed("factor", name, names))
    return [names.index(name) for name in asked]


def needed_by(fit: FitRecord, wanted: Sequence[int]) -> list[str]:
    """Return the columns that the random effects asked for need."""
    columns = needed_in_effects(fit, wanted)
    for k in wanted:
        factor = random_part_of(fit).factors[k]
        columns += [*factor.columns, *([factor.without[0]] if factor.without else [])]
    return columns


def needed_in_effects(fit: FitRecord, wanted: Sequence[int]) -> list[str]:
    """Return the columns without which a row cannot be predicted: all but the grouping factors."""
    columns = list(fit.design.formula.variables)
    for k in wanted:
        for term in random_part_of(fit).factors[k].terms:
            columns += [*term.term.variables, *([term.term.by] if term.term.by else [])]
    return list(dict.fromkeys(columns))


def with_effects(
    part: RandomPart, wanted: Sequence[int], x: np.ndarray, rows: pd.DataFrame
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return what the random effects add (N,), the variance of the whole (N,), and whether all levels are known."""
    model, at, size = part.model, part.optimum.at, part.ready.size
    k, p = model.outer_factors.width, model.p
    combined = Combined(x @ part.ready.basis.back, [])
    values = predictions(part).values
    added, new, known = np.zeros(len(rows)), np.zeros(len(rows)), np.ones(len(rows), dtype=bool)
    outer = [j for j in range(len(part.factors)) if j != part.block]
    within = np.zeros(len(rows))
    for j in wanted:
        factor = part.factors[j]
        codes, effects = factor.rows(rows)
        with_level = np.flatnonzero(codes >= 0)
        level = codes[with_level]
        known &= (codes >= 0) | factor.meant_without(rows)
        added[with_level] += (values[j][level] * effects[with_level]).sum(axis=1)
        unknown = codes < 0
        new[unknown] += np.einsum("ia,ab,ib->i", effects[unknown], part.covariances[j], effects[unknown])
        scaled = (effects / part.ready.sizes[j])[with_level]
        if j == part.block:
            own = effects_of_blocks(model, at, part.blocks)
            within[with_level] = np.einsum("ia,iab,ib->i", scaled, own.own[level], scaled)
            reach = np.einsum("ia,iab->ib", scaled, own.reach[level])
            combined.fixed[with_level] -= reach[:, k : k + p]
            combined.add(with_level, own.component[level], -reach[:, :k])
        else:
            placed = model.outer_factors.factors[outer.index(j)]
            weights = np.zeros((len(with_level), k))
            weights[np.arange(len(with_level))[:, None], placed.places[level]] = scaled
            combined.add(with_level, placed.component[level], weights)
    return added, size**2 * (within + combined.variance(model, at)) + new, known
