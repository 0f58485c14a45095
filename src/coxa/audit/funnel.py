"""Funnels: units against a target, with limits that are wide for small units and narrow for large ones."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from coxa.audit.dispersion import Dispersion, Screen, over_dispersion
from coxa.audit.limits import Floats, Pair, binomial_limits, poisson_count_limits, poisson_predictive_limits, sides
from coxa.audit.scales import ADJUSTMENTS, Adjust, Scale, arcsine_scale, as_it_is, log_scale, root_scale
from coxa.errors import OptionError, check_option

RatioForm = Literal["shmi", "cqc"]
RATIO_FORMS: tuple[RatioForm, ...] = ("shmi", "cqc")
Exact = Literal["predictive", "count"]
EXACT: dict[Exact, Callable[[Floats, float], Pair]] = {
    "predictive": poisson_predictive_limits,
    "count": poisson_count_limits,
}
LEVELS = (0.95, 0.998)
POSITIONS = ("low", "within", "high")


@dataclass(frozen=True, slots=True)
class Funnel:
    """Units with their values, limits and positions.

    frame      : one row per unit, in the order given: unit, size (what the precision depends on), value, std_error and
                 z (on the scale of the method), low_LEVEL and high_LEVEL of each level in percent, position (low,
                 within or high, by the widest limits)
    target     : what the units are compared with, on the scale of the values
    levels     : of the limits, in ascending order
    dispersion : variation between units beyond chance; None of a single unit
    adjust     : whether the limits take it into account
    method     : how the limits were reckoned, in words

    Examples
    --------
    >>> funnel = funnel_means([52.0, 55.0, 47.0], [1.0, 1.0, 1.0], units=["A", "B", "C"], target=52.0)
    >>> funnel.frame[["unit", "low_95", "position"]].round(2).values.tolist()
    [['A', 50.04, 'within'], ['B', 50.04, 'within'], ['C', 50.04, 'low']]
    """

    frame: pd.DataFrame
    target: float
    levels: tuple[float, ...]
    dispersion: Dispersion | None
    adjust: Adjust
    method: str

    def outliers(self, level: float) -> np.ndarray:
        """Return -1 for each unit below the lower limit of a level, 1 above the upper one, and 0 within."""
        return sides(self.frame["value"], self.frame[_column("low", level)], self.frame[_column("high", level)])


def funnel_proportions(
    events: ArrayLike,
    n: ArrayLike,
    *,
    units: Sequence[object] | None = None,
    target: float | None = None,
    levels: Sequence[float] = LEVELS,
    adjust: Adjust = "none",
    screen: Screen = "winsorised",
) -> Funnel:
    """Return the funnel of proportions.

    Parameters
    ----------
    events, n
        Events and patients of each unit.
    units
        Their names; numbers from 1 unless given.
    target
        The proportion over all units unless given.
    levels
        Of the limits.
    adjust
        `none`: exact binomial limits. Otherwise normal limits on the arcsine scale, widened by tau2 (`additive`) or by
        the root of phi (`multiplicative`).
    screen
        Which z scores phi and tau2 come from (`over_dispersion`).

    Returns
    -------
    Funnel

    Raises
    ------
    OptionError
        Counts that are no counts, or arrays of different lengths.

    Notes
    -----
    Arcsine scale: asin(sqrt(events / n)) with standard error 1 / (2 sqrt(n)). Sources: `binomial_limits`,
    `over_dispersion`.

    Examples
    --------
    >>> funnel_proportions([8, 35], [20, 50], target=0.4).frame["position"].tolist()
    ['within', 'high']
    """
    events, n = _counts(events, "events"), _counts(n, "n")
    _check_lengths(events, n)
    if (n == 0).any() or (events > n).any():
        raise OptionError("A unit has no patient, or more events than patients. Leave it out, or correct its counts.")
    target = float(events.sum() / n.sum()) if target is None else target
    scale = arcsine_scale(events, n, target)
    compared = _Compared(_named(units, n), n, events / n, target, scale, _spread(scale, adjust, screen))
    if check_option("adjust", adjust, ADJUSTMENTS) != "none":
        return compared.funnel(levels, adjust, "normal limits on the arcsine scale")
    words = "exact binomial limits, inverted with interpolation"
    return compared.funnel(levels, adjust, words, lambda level: binomial_limits(n, target, level))


def funnel_ratios(
    observed: ArrayLike,
    expected: ArrayLike,
    *,
    units: Sequence[object] | None = None,
    levels: Sequence[float] = LEVELS,
    adjust: Adjust = "none",
    form: RatioForm = "cqc",
    screen: Screen | None = None,
    exact: Exact = "predictive",
) -> Funnel:
    """Return the funnel of ratios of observed to expected counts, around 1.

    Parameters
    ----------
    observed, expected
        Counts of each unit, and what a case-mix model expects of its patients. SHMI rounds expected counts to two
        decimals before.
    units
        Names of the units; numbers from 1 unless given.
    levels
        Of the limits.
    adjust
        `none`: exact Poisson limits. Otherwise normal limits on the scale of `form`, widened by tau2 (`additive`) or by
        the root of phi (`multiplicative`).
    form
        Scale of z scores, over-dispersion and adjusted limits. `shmi`: log(O/E) with standard error 1 / sqrt(E), not
        defined for a unit without events. `cqc`: sqrt(O/E) with standard error 1 / (2 sqrt(E)).
    screen
        Which z scores phi and tau2 come from (`over_dispersion`); `truncated` for SHMI and `winsorised` for CQC unless
        given.
    exact
        `predictive`: counts with expectation E (`poisson_predictive_limits`). `count`: the interval of an observed
        count of E, as FunnelPlotR draws (`poisson_count_limits`).

    Returns
    -------
    Funnel

    Raises
    ------
    OptionError
        An expected count that is not above zero; with `form="shmi"` a unit without events.

    Examples
    --------
    >>> funnel = funnel_ratios([30, 12, 9], [15.0, 12.5, 11.5])
    >>> funnel.outliers(0.95).tolist(), funnel.outliers(0.998).tolist()
    ([1, 0, 0], [1, 0, 0])
    """
    observed, expected = _counts(observed, "observed"), np.asarray(expected, dtype=float)
    _check_lengths(observed, expected)
    check_option("form", form, RATIO_FORMS)
    check_option("exact", exact, tuple(EXACT))
    if not (np.isfinite(expected).all() and (expected > 0).all()):
        raise OptionError("An expected count is missing or not above zero. Leave its unit out.")
    scale = log_scale(observed, expected) if form == "shmi" else root_scale(observed, expected)
    spread = _spread(scale, adjust, screen or ("truncated" if form == "shmi" else "winsorised"))
    compared = _Compared(_named(units, expected), expected, observed / expected, 1.0, scale, spread)
    if check_option("adjust", adjust, ADJUSTMENTS) != "none":
        return compared.funnel(levels, adjust, f"normal limits on the scale of {form.upper()}")
    return compared.funnel(
        levels, adjust, f"exact Poisson limits ({exact})", lambda level: EXACT[exact](expected, level)
    )


def funnel_means(
    means: ArrayLike,
    std_errors: ArrayLike,
    *,
    units: Sequence[object] | None = None,
    target: float | None = None,
    levels: Sequence[float] = LEVELS,
    adjust: Adjust = "none",
    screen: Screen = "none",
) -> Funnel:
    """Return the funnel of mean scores or of mean residuals after case-mix adjustment.

    Parameters
    ----------
    means, std_errors
        Mean of each unit and its standard error within the unit, taken as known: SD / sqrt(n).
    units
        Names of the units; numbers from 1 unless given.
    target
        The mean weighted by precision unless given; 0 for residuals.
    levels
        Of the limits.
    adjust
        `additive`: the variance of a mean is tau2 + std_error^2 (random effects). `multiplicative`: limits are wider by
        the root of phi.
    screen
        Which z scores phi and tau2 come from; `none` gives DerSimonian and Laird's tau2.

    Returns
    -------
    Funnel
        With `adjust="additive"` a target that is not given is the random-effects mean.

    Notes
    -----
    Where all units have one size, tau2 is that of a linear mixed model by REML, and the limits are its predictive
    standard deviation. Source: Spiegelhalter, Statistics in Medicine 2005, 24:1185-1202.

    Examples
    --------
    >>> funnel = funnel_means([50.0, 53.0, 47.0, 58.0], [1.0, 1.5, 1.2, 1.0], adjust="additive")
    >>> round(funnel.dispersion.tau2, 3), funnel.frame["position"].tolist()
    (23.852, ['within', 'within', 'within', 'within'])
    """
    means, std_errors = np.asarray(means, dtype=float), np.asarray(std_errors, dtype=float)
    _check_lengths(means, std_errors)
    if not (np.isfinite(means).all() and np.isfinite(std_errors).all() and (std_errors > 0).all()):
        raise OptionError("A mean is missing, or a standard error is missing or not above zero. Leave its unit out.")
    check_option("adjust", adjust, ADJUSTMENTS)
    centre = float(np.average(means, weights=std_errors**-2.0)) if target is None else float(target)
    scale = as_it_is(means, std_errors, centre)
    spread = _spread(scale, adjust, screen)
    if target is None and adjust == "additive" and spread is not None:
        centre = float(np.average(means, weights=1 / (std_errors**2 + spread.tau2)))
        scale = as_it_is(means, std_errors, centre)
    compared = _Compared(_named(units, means), std_errors**-2.0, means, centre, scale, spread)
    return compared.funnel(levels, adjust, "normal limits with known variance within units")


@dataclass(frozen=True, slots=True)
class _Compared:
    """Units with what they are compared with, on the scale that is drawn and on the one on which they are normal."""

    units: list[object]
    sizes: Floats
    values: Floats
    target: float
    scale: Scale
    spread: Dispersion | None

    def funnel(
        self, levels: Sequence[float], adjust: Adjust, words: str, exact: Callable[[float], Pair] | None = None
    ) -> Funnel:
        """Return the funnel with exact limits, where they are given, or with normal ones."""
        columns: dict[str, object] = {"unit": self.units, "size": self.sizes, "value": self.values}
        columns |= {"std_error": self.scale.std_errors, "z": self.scale.z}
        ordered = tuple(sorted(levels))
        for level in ordered:
            low, high = exact(level) if exact else self.scale.limits(level, self.spread, adjust)
            columns |= {_column("low", level): low, _column("high", level): high}
        columns["position"] = np.array(POSITIONS, dtype=object)[sides(self.values, low, high) + 1]
        screen = self.spread.screen if self.spread else ""
        method = words if adjust == "none" else f"{words}, {adjust} over-dispersion from z scores ({screen})"
        return Funnel(pd.DataFrame(columns), self.target, ordered, self.spread, adjust, method)


def _spread(scale: Scale, adjust: Adjust, screen: Screen) -> Dispersion | None:
    """Return the over-dispersion; None of a single unit, unless limits are asked to take it into account."""
    if len(scale.values) < 2 and adjust == "none":
        return None
    return over_dispersion(scale.z, scale.std_errors, screen=screen)


def _column(side: str, level: float) -> str:
    """Return the name of a column of limits: low_95, high_99_8."""
    return f"{side}_{100 * level:.10g}".replace(".", "_")


def _counts(values: ArrayLike, name: str) -> Floats:
    """Return counts as numbers, if they are."""
    counts = np.asarray(values, dtype=float)
    if not (np.isfinite(counts).all() and (counts >= 0).all()):
        raise OptionError(f"`{name}` has a value that is missing or below 0. Give one count per unit.")
    return counts


def _check_lengths(first: Floats, second: Floats) -> None:
    if first.ndim != 1 or first.shape != second.shape:
        raise OptionError(f"Arrays of {first.size} and {second.size} values differ in length. Give one value per unit.")


def _named(units: Sequence[object] | None, values: Floats) -> list[object]:
    """Return the names of the units."""
    if units is None:
        return list(range(1, len(values) + 1))
    if len(units) != len(values):
        raise OptionError(f"{len(units)} names are given for {len(values)} units. Give one name per unit.")
    return list(units)
