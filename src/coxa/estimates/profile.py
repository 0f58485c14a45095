"""What is asked of a course over several visits: its average, its slope, the area under it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from coxa.errors import OptionError, check_option, not_allowed
from coxa.estimates.reference_grid import Grid
from coxa.models.results.fit import Fit

Span = Literal["span"]


@dataclass(frozen=True, slots=True)
class Profile:
    """A weighted sum of the means at the visits; made by `average`, `slope` or `auc`.

    term    : what the sum of one arm's means is called in a table of results; a difference of two such sums
              is called ``difference_in_`` and this
    weights : visit -> weight
    said    : in words, for a footnote

    Examples
    --------
    >>> from coxa.estimates import average
    >>> average(["week_6", "week_12"])
    Profile(term='average', weights={'week_6': 0.5, 'week_12': 0.5}, said='equal weights over week_6, week_12')
    """

    term: Literal["average", "slope", "auc"]
    weights: Mapping[str, float]
    said: str


def average(visits: Sequence[str] | Mapping[str, float]) -> Profile:
    """Return the average over visits: alike, or with given weights.

    Parameters
    ----------
    visits : sequence of str, or mapping
        The visits, or visit -> weight; weights are at least 0 and are scaled to add up to one.

    Raises
    ------
    OptionError
        There is no visit, one is named twice, or a weight is below 0.

    Examples
    --------
    >>> dict(average({"week_6": 1, "week_12": 3}).weights)
    {'week_6': 0.25, 'week_12': 0.75}
    """
    if not isinstance(visits, Mapping):
        check_distinct(visits)
    given = dict(visits) if isinstance(visits, Mapping) else dict.fromkeys(visits, 1.0)
    total = float(sum(given.values()))
    if not total > 0 or min(given.values()) < 0:
        raise OptionError(f"The weights of the visits are {given}. Give numbers of 0 or more, not all 0.")
    weights = {str(visit): float(weight) / total for visit, weight in given.items()}
    alike = len(set(given.values())) == 1
    listed = ", ".join(visit if alike else f"{visit} ({weight:.3g})" for visit, weight in weights.items())
    return Profile("average", weights, f"{'equal' if alike else 'given'} weights over {listed}")


def slope(days: Mapping[str, float], *, per: float | Span = 1.0) -> Profile:
    """Return the least-squares slope of the means over planned days.

    Parameters
    ----------
    days : mapping
        Visit -> planned study day, at least two different ones.
    per : float or "span"
        Days in the unit of time: 1 gives units of the outcome per day, 7 per week; "span" gives the change
        along the fitted line from the first visit to the last.

    Raises
    ------
    OptionError
        Fewer than two different days, or `per` is not above 0.

    Notes
    -----
    The weights are (d - mean d) / sum (d - mean d)^2: the linear orthogonal polynomial of the days, scaled so
    that a straight line gives its own slope (Draper & Smith, Applied Regression Analysis, 3rd ed., ch. 22).

    Examples
    --------
    >>> dict(slope({"a": 0, "b": 7, "c": 14}, per=7).weights)
    {'a': -0.5, 'b': 0.0, 'c': 0.5}
    """
    names, d = in_order(days)
    unit = unit_of(per, d)
    centred = d - d.mean()
    weights = centred / (centred @ centred) * unit
    return Profile("slope", with_names(names, weights), f"least-squares slope {rate(per)} over {listed_days(names, d)}")


def auc(days: Mapping[str, float], *, per: float | Span = 1.0, zero_at: float | None = None) -> Profile:
    """Return the area under the means over planned days, by the trapezoidal rule.

    Parameters
    ----------
    days : mapping
        Visit -> planned study day, at least two different ones (one, if `zero_at` is given).
    per : float or "span"
        Days in the unit of time: 1 gives outcome times days, 7 outcome times weeks; "span" divides by the time
        from beginning to end, so that a constant outcome has itself as its area.
    zero_at : float, optional
        Day before the first visit on which the outcome is zero by definition: the day of randomisation, for a
        change from baseline. The area then begins there.

    Raises
    ------
    OptionError
        Too few days, `per` is not above 0, or `zero_at` is not before the first visit.

    Notes
    -----
    Source: Matthews, Altman, Campbell & Royston, BMJ 1990, 300:230-235.

    Examples
    --------
    >>> dict(auc({"a": 0, "b": 10, "c": 30}).weights)
    {'a': 5.0, 'b': 15.0, 'c': 10.0}
    >>> dict(auc({"a": 0, "b": 10, "c": 30}, per="span").weights)["b"]
    0.5
    """
    names, d = in_order(days, fewest=2 if zero_at is None else 1)
    if zero_at is not None and not zero_at < d[0]:
        raise OptionError(f"`zero_at` is {zero_at:g}. Give a day before the first visit ({names[0]}, day {d[0]:g}).")
    whole = d if zero_at is None else np.concatenate([[zero_at], d])
    unit = unit_of(per, whole)
    gaps = np.diff(whole)
    weights = (np.append(gaps, 0) + np.append(0, gaps)) / 2 / unit
    begins = "" if zero_at is None else f", from zero at day {zero_at:g}"
    unit_said = "divided by the time it spans" if per == "span" else f"in units of {unit:g} day{'s' * (unit != 1)}"
    said = f"area under the means by trapezoids, {unit_said}, over {listed_days(names, d)}{begins}"
    return Profile("auc", with_names(names, weights[-len(d) :]), said)


def planned_profile(word: str, days: Mapping[str, float], *, zero_at: float | None = None) -> Profile | None:
    """Return what a plan means by ``by_visit`` (None), ``average``, ``slope`` (per week) or ``auc`` (over its span).

    Parameters
    ----------
    word : {"by_visit", "average", "slope", "auc"}
    days : mapping
        Visit after baseline -> planned study day.
    zero_at : float, optional
        Day of randomisation, where the outcome is a change from it.

    Raises
    ------
    OptionError
        The word or the days are not allowed.

    Examples
    --------
    >>> planned_profile("slope", {"week_1": 7, "week_3": 21}).said
    'least-squares slope per 7 days over week_1 (day 7), week_3 (day 21)'
    """
    check_option("contrast", word, ("by_visit", "average", "slope", "auc"))
    if word == "by_visit":
        return None
    if word == "average":
        return average(list(days))
    return slope(days, per=7) if word == "slope" else auc(days, per="span", zero_at=zero_at)


def profiled(fit: Fit, grid: Grid, profile: Profile) -> Grid:
    """Return the grid (over, visit) summed over visits with a profile's weights: one row for each level.

    Raises
    ------
    OptionError
        The model has no visits, or not one that the profile names.
    """
    if fit.sample.visit_column is None or len(grid.factors) != 2:
        raise OptionError(f"The model has one visit, and so no {profile.term} over visits. Fit all visits by fit_mmrm.")
    visits = {str(level): level for level in fit.design.levels[grid.factors[1]]}
    for visit in profile.weights:
        if visit not in visits:
            raise OptionError(not_allowed("visit of the model", visit, visits))
    place = {key: k for k, key in enumerate(grid.keys)}
    levels = list(dict.fromkeys(key[0] for key in grid.keys))
    rows = [
        sum(weight * grid.rows[place[level, visits[visit]]] for visit, weight in profile.weights.items())
        for level in levels
    ]
    return Grid(grid.factors[:1], tuple((level,) for level in levels), np.array(rows))


def in_order(days: Mapping[str, float], fewest: int = 2) -> tuple[list[str], np.ndarray]:
    """Return visits and days (m,) by day; raise OptionError where there are too few, or two on one day."""
    names = sorted(days, key=lambda visit: days[visit])
    d = np.array([days[visit] for visit in names], dtype=float)
    if len(d) < fewest or (np.diff(d) <= 0).any():
        raise OptionError(f"The visits are {dict(days)}. Give {fewest} or more on different days.")
    return [str(name) for name in names], d


def unit_of(per: Any, d: np.ndarray) -> float:
    """Return the number of days in the unit of time."""
    if per == "span":
        return float(d[-1] - d[0])
    if isinstance(per, str) or not 0 < per < np.inf:
        raise OptionError(f"`per` is {per!r}. Give a number of days above 0 (7 for weeks), or 'span'.")
    return float(per)


def rate(per: Any) -> str:
    """Return the unit of a slope in words."""
    if per == "span":
        return "from first to last visit"
    return "per day" if per == 1 else f"per {per:g} days"


def listed_days(names: Sequence[str], d: np.ndarray) -> str:
    """Return visits with their days in words."""
    return ", ".join(f"{name} (day {day:g})" for name, day in zip(names, d, strict=True))


def with_names(names: Sequence[str], weights: np.ndarray) -> dict[str, float]:
    """Return weights by visit."""
    return dict(zip(names, map(float, weights), strict=True))


def check_distinct(visits: Sequence[str]) -> None:
    """Raise OptionError where a visit is named twice, or none is named."""
    twice = [visit for k, visit in enumerate(visits) if visit in visits[:k]]
    if isinstance(visits, str) or twice or not len(visits):
        raise OptionError(f"`visits` is {visits!r}. Give a list in which each occurs once.")
