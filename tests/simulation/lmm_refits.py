"""A model fitted to many outcomes of one design, and the tests of one coefficient by several methods from each fit."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from scipy import stats

from coxa.errors import NonConvergenceError
from coxa.models import Fit, fit_batch
from coxa.models.lmm.fit import coefficients_of, inference_of, informed, random_part
from coxa.models.lmm.predictions import random_part_of
from coxa.models.lmm.random_part import RandomPart
from coxa.models.lmm.rows import built, terms_of
from coxa.models.numerics.mixed.search import optimum_of
from coxa.models.numerics.mixed.starts import starts
from coxa.models.numerics.one_thread import one_thread
from tests.simulation.lmm_trials import Drawn

ALPHA = 0.05
DETECTED = float(stats.norm.ppf(1 - ALPHA / 2) + stats.norm.ppf(0.8))
"""Standard deviations of an estimate at which a normal test would have a power of 80%."""

Methods = Sequence[tuple[str, str]]
"""Degrees of freedom, and the information they are taken from."""
METHODS: Methods = (
    ("satterthwaite", "observed"),
    ("satterthwaite", "expected"),
    ("kenward-roger", "observed"),
    ("kenward-roger", "expected"),
)


@dataclass(frozen=True, slots=True)
class Asked:
    """A model and what is tested in it.

    label   : put before the method in results
    fit     : from rows to the fit whose design is used again
    weights : of the coefficients
    truth   : true value of what is tested
    factor  : whose variance is looked at; empty where there is none
    """

    label: str
    fit: Callable[[pd.DataFrame], Fit]
    weights: Mapping[str, float]
    methods: Methods = METHODS
    truth: float = 0.0
    factor: str = ""


def fit_again(fit: Fit, outcome: np.ndarray) -> RandomPart | None:
    """Fit the model to another outcome (N,) on the analysed rows, as if from the start; None without proven optimum.

    The numbers are those of the function that made the fit; reading the formula and the rows again is saved.
    """
    part = random_part_of(fit)
    ready, setting = part.ready, part.setting
    guess = ready.basis.q.T @ outcome
    left = outcome - ready.basis.q @ guess
    size = float(np.sqrt(left @ left / (len(outcome) - len(guess))))
    ready = replace(ready, xy=np.column_stack([ready.basis.q, left / size]), guess=guess, size=size)
    model, blocks = built(setting, ready, reml=fit.reml)
    found, _ = optimum_of(model, starts(model), terms_of(model, setting))
    if found is None:
        return None
    return random_part(setting, ready, model, found, blocks, "observed", part.residual_names)


def counted(asked: Asked, trials: Iterable[Drawn]) -> pd.DataFrame:
    """Return one row per trial's outcome and method.

    Columns: `method`, `estimate`, `std_error`, `df` (not numbers without a proven optimum), `variance` (of the factor's
    first effect) and `zero` (whether one of its variances is zero or a correlation 1).
    """
    lines = []
    with one_thread():
        for drawn in trials:
            fit = first_fit(asked, drawn)
            analysed = drawn.outcomes[:, fit.design.complete]
            row = fit.weights(asked.weights)[0]
            for outcome in analysed:
                part = fit_again(fit, outcome)
                lines += [not_fitted(asked)] if part is None else tested(asked, part, row)
    return pd.DataFrame(lines)


def first_fit(asked: Asked, drawn: Drawn) -> Fit:
    """Return the fit of the first outcome that has a proven optimum, for its design."""
    for outcome in drawn.outcomes:
        try:
            return asked.fit(drawn.rows.assign(outcome=np.where(drawn.rows["outcome"].notna(), outcome, np.nan)))
        except NonConvergenceError:
            continue
    raise NonConvergenceError("no outcome of the design has a proven optimum", ["draw another design"])


def not_fitted(asked: Asked) -> dict[str, object]:
    """Return what stands for an outcome without a proven optimum."""
    empty = dict.fromkeys(("estimate", "std_error", "df", "variance"), np.nan)
    return {"method": name_of(asked, *asked.methods[0]), **empty, "zero": False}


def name_of(asked: Asked, ddf: str, information: str) -> str:
    """Return the name of a method in results."""
    return f"{asked.label}{ddf}, {information}"


def tested(asked: Asked, part: RandomPart, row: np.ndarray) -> list[dict[str, object]]:
    """Return the test of one row of weights by each method."""
    known = {
        kind: replace(part, information=kind, informed=informed(part.model, part.optimum, kind))
        for kind in dict.fromkeys(kind for _, kind in asked.methods)
    }
    estimate = float(row @ coefficients_of(part))
    variance, zero = np.nan, False
    if asked.factor:
        k = [factor.name for factor in part.factors].index(asked.factor)
        variance, zero = float(part.covariances[k][0, 0]), bool(part.at_zero[k] or part.multiples[k])
    lines = []
    for ddf, kind in asked.methods:
        found = inference_of(known[kind], ddf)
        lines.append(
            {
                "method": name_of(asked, ddf, kind),
                "estimate": estimate,
                "std_error": float(np.sqrt(row @ found.covariance @ row)),
                "df": found.df(row),
                "variance": variance,
                "zero": zero,
            }
        )
    return lines


def counted_without(
    label: str, formula: str, weights: Mapping[str, float], trials: Iterable[Drawn], ddf: str
) -> pd.DataFrame:
    """Return the same for an MMRM without random effects."""
    parts = []
    for drawn in trials:
        fits = fit_batch(formula, drawn.rows, drawn.outcomes, [weights], ddf=ddf)
        tests = fits.tests[ddf]
        values = {"estimate": fits.estimate[:, 0], "std_error": tests.std_error[:, 0], "df": tests.df[:, 0]}
        parts.append(pd.DataFrame({"method": label, **values, "variance": np.nan, "zero": False}))
    return pd.concat(parts, ignore_index=True)


def summed(lines: pd.DataFrame, truth: float = 0.0) -> pd.DataFrame:
    """Return one row per method, in percent.

    Columns: `rejected` (tests at 5% of the true value: 100 less the coverage of 95% intervals), `error` (Monte Carlo,
    of it), `power` (at a distance from the truth that a normal test with the true standard error finds in 80%), `low`
    (rejected among the fits at the boundary), `df` (median), `fitted`, `failed`.
    """
    failed = int(lines["estimate"].isna().sum())
    lines = lines.dropna(subset=["estimate"])
    half = stats.t.ppf(1 - ALPHA / 2, lines["df"]) * lines["std_error"]
    off = lines["estimate"] - truth
    far = DETECTED * off.groupby(lines["method"], sort=False).transform("std")
    each = lines.assign(rejected=off.abs() > half, power=(off + far).abs() > half)
    table = each.groupby("method", sort=False).agg(
        rejected=("rejected", "mean"), power=("power", "mean"), fitted=("rejected", "size"), df=("df", "median")
    )
    table["low"] = each[each["zero"]].groupby("method")["rejected"].mean()
    table["error"] = np.sqrt(table["rejected"] * (1 - table["rejected"]) / table["fitted"])
    shares = ["rejected", "power", "low", "error"]
    table[shares] *= 100
    return table.assign(failed=failed).reset_index()


def of_variance(lines: pd.DataFrame) -> dict[str, float]:
    """Return mean and Monte Carlo error of a variance's estimates, and the percentage of fits at the boundary."""
    own = lines.dropna(subset=["variance"])
    own = own[own["method"] == own["method"].iloc[0]]
    return {
        "mean": float(own["variance"].mean()),
        "mean_error": float(own["variance"].std() / np.sqrt(len(own))),
        "zero": 100 * float(own["zero"].mean()),
    }
