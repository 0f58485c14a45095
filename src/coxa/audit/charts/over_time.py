"""XmR, p and u charts: how the limits of each are reckoned."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from coxa.audit.charts.chart import Asked, ControlChart, Improvement, Limits, control_chart
from coxa.audit.limits import Floats
from coxa.errors import OptionError

XMR_WIDTH = 2.66
"""3 / d2 with d2 = 1.128, the mean range of two normal values, as Making Data Count rounds it (exactly 2.658681)."""

SCREEN = 3.267
"""D4 of two values, as it is printed (exactly 3.266532): moving ranges from this many times their mean are left out."""


def xmr_chart(
    values: ArrayLike,
    *,
    improvement: Improvement = "increase",
    target: float | None = None,
    recalculate_at: Sequence[int] = (),
    fix_after: int | None = None,
    screen: bool = True,
) -> ControlChart:
    """Return the chart of individual values with limits from their moving ranges (XmR, or I chart).

    Parameters
    ----------
    values
        In the order of time, none missing.
    improvement
        Which direction is better.
    target
        For the assurance icon.
    recalculate_at
        Places (0 is the first value) from which centre and limits are reckoned anew. They never are by themselves.
    fix_after
        Centre and limits rest on the first so many values of each part.
    screen
        Leave out moving ranges of 3.267 times their mean or more, once, before the limits (Nelson 1982), as
        NHSRplotthedots does; the spreadsheet of Making Data Count does not.

    Returns
    -------
    ControlChart

    Raises
    ------
    OptionError
        A value is missing, or a place of recalculation is not within the values.

    Notes
    -----
    Limits: mean +- 2.66 x mean moving range. Sources: NHS England, Making Data Count; Nelson, Journal of Quality
    Technology 1982, 14:172-173; nhs-r-community/NHSRplotthedots@050b07d7.

    Examples
    --------
    >>> series = [1, 2, 1, 2, 10, 1, 2, 1, 2, 1, 2, 1, 2, 1, 2, 1, 2, 1]
    >>> fifth = xmr_chart(series, improvement="decrease").frame.loc[4]
    >>> round(float(fifth["low"]), 2), round(float(fifth["high"]), 2), fifth["kind"]
    (-0.72, 4.6, 'concern')
    """
    values = series_of(values, "values")

    def limits(span: slice) -> Limits:
        used = values[span][:fix_after]
        half = np.full(span.stop - span.start, XMR_WIDTH * mean_moving_range(used, screen))
        centre = np.full(len(half), used.mean())
        return Limits(centre, centre - half, centre + half)

    words = "mean and 2.66 mean moving ranges" + (", large ranges screened" if screen else "")
    asked = Asked(improvement, target, tuple(recalculate_at))
    return control_chart(values, limits, asked, words)


def p_chart(
    events: ArrayLike,
    n: ArrayLike,
    *,
    improvement: Improvement = "increase",
    target: float | None = None,
    recalculate_at: Sequence[int] = (),
) -> ControlChart:
    """Return the chart of proportions, with limits of three binomial standard deviations of each period.

    Parameters
    ----------
    events, n
        Events and patients of each period.
    improvement, target, recalculate_at
        As in `xmr_chart`; the target is a proportion.

    Returns
    -------
    ControlChart

    Raises
    ------
    OptionError
        A period without patients, or with more events than patients.

    Notes
    -----
    Limits: p +- 3 sqrt(p (1 - p) / n), not below 0 or above 1, with p over all periods of a part. Source: Montgomery,
    Introduction to Statistical Quality Control, chapter 7.

    Examples
    --------
    >>> chart = p_chart([8, 10, 9, 20], [20, 25, 20, 24], improvement="increase")
    >>> chart.frame["rule"].tolist()
    ['common cause', 'common cause', 'common cause', 'common cause']
    """
    events, n = series_of(events, "events"), series_of(n, "n")
    if events.shape != n.shape or (n <= 0).any() or (events > n).any() or (events < 0).any():
        raise OptionError("A period has no patient, or more events than patients. Leave it out, or correct its counts.")

    def limits(span: slice) -> Limits:
        p = float(events[span].sum() / n[span].sum())
        half = 3 * np.sqrt(p * (1 - p) / n[span])
        return Limits(np.full(len(half), p), np.maximum(p - half, 0), np.minimum(p + half, 1))

    asked = Asked(improvement, target, tuple(recalculate_at))
    return control_chart(events / n, limits, asked, "three binomial standard deviations")


def u_chart(
    events: ArrayLike,
    exposure: ArrayLike,
    *,
    improvement: Improvement = "decrease",
    target: float | None = None,
    recalculate_at: Sequence[int] = (),
) -> ControlChart:
    """Return the chart of rates, with limits of three Poisson standard deviations of each period.

    Parameters
    ----------
    events, exposure
        Events of each period, and what they are counted per: visits, patient-months.
    improvement, target, recalculate_at
        As in `xmr_chart`; the target is a rate.

    Returns
    -------
    ControlChart

    Raises
    ------
    OptionError
        A period without exposure.

    Notes
    -----
    Limits: u +- 3 sqrt(u / exposure), not below 0, with u over all periods of a part. Source: as for `p_chart`.

    Examples
    --------
    >>> u_chart([2, 4, 3, 16], [100, 110, 90, 105]).frame["kind"].tolist()
    ['common cause', 'common cause', 'common cause', 'concern']
    """
    events, exposure = series_of(events, "events"), series_of(exposure, "exposure")
    if events.shape != exposure.shape or (exposure <= 0).any() or (events < 0).any():
        raise OptionError("A period has no exposure, or events below 0. Leave it out, or correct its counts.")

    def limits(span: slice) -> Limits:
        rate = float(events[span].sum() / exposure[span].sum())
        half = 3 * np.sqrt(rate / exposure[span])
        return Limits(np.full(len(half), rate), np.maximum(rate - half, 0), rate + half)

    asked = Asked(improvement, target, tuple(recalculate_at))
    return control_chart(events / exposure, limits, asked, "three Poisson standard deviations")


def series_of(values: ArrayLike, name: str) -> Floats:
    """Return values over time as numbers, if none is missing."""
    series = np.asarray(values, dtype=float)
    if series.ndim != 1 or not np.isfinite(series).all():
        raise OptionError(f"`{name}` has a missing value. Leave its period out.")
    return series


def mean_moving_range(values: Floats, screen: bool) -> float:
    """Return the mean difference of one value and the next, without large ones where they are screened."""
    ranges = np.abs(np.diff(values))
    if not len(ranges):
        raise OptionError("One value alone has no moving range. Give at least two between recalculations.")
    kept = ranges[ranges < SCREEN * ranges.mean()] if screen else ranges
    return float(kept.mean()) if len(kept) else 0.0  # none is kept where all values are the same
