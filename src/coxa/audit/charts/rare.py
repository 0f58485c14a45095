"""Charts of rare events: patients (g) or time (t) between one event and the next."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from coxa.audit.charts.chart import Asked, ControlChart, Improvement, Limits, control_chart
from coxa.audit.charts.over_time import XMR_WIDTH, mean_moving_range, series_of
from coxa.errors import OptionError

NELSON = 3.6
"""Power whose root makes times between events of a Poisson process near normal (Nelson 1994)."""

TAIL = float(stats.norm.sf(3))
"""Probability beyond three standard deviations of a normal distribution."""


def g_chart(cases_between: ArrayLike, *, improvement: Improvement = "increase") -> ControlChart:
    """Return the chart of how many patients there were between one event and the next.

    Parameters
    ----------
    cases_between
        Patients without the event before each event, in the order of time.
    improvement
        `increase` where the event is harm.

    Returns
    -------
    ControlChart
        The centre is the median, so that points are on either side of it equally often.

    Raises
    ------
    OptionError
        A number that is missing, below 0 or no whole number.

    Notes
    -----
    Quantiles of a geometric distribution with p = 1 / (mean + 1), at 0.00135, 0.5 and 0.99865. Source: Benneyan, Health
    Care Management Science 2001, 4:305-318.

    Examples
    --------
    >>> g_chart([20, 35, 4, 51, 18, 240]).frame["rule"].tolist()[-1]
    'common cause'
    """
    cases = series_of(cases_between, "cases_between")
    if (cases < 0).any() or (cases != np.rint(cases)).any():
        raise OptionError("`cases_between` has a value below 0 or no whole number. Count patients between events.")

    def limits(span: slice) -> Limits:
        p = 1 / (cases[span].mean() + 1)
        ends = [np.full(span.stop - span.start, stats.geom.ppf(tail, p) - 1) for tail in (TAIL, 0.5, 1 - TAIL)]
        return Limits(ends[1], ends[0], ends[2])

    return control_chart(cases, limits, Asked(improvement), "geometric quantiles")


def t_chart(time_between: ArrayLike, *, improvement: Improvement = "increase") -> ControlChart:
    """Return the chart of the time between one event and the next.

    Parameters
    ----------
    time_between
        Above 0, in the order of time.
    improvement
        `increase` where the event is harm.

    Returns
    -------
    ControlChart

    Raises
    ------
    OptionError
        A time that is missing or not above 0.

    Notes
    -----
    Limits of an XmR chart of x^(1/3.6), raised to the power of 3.6 again. Source: Nelson, Journal of Quality Technology
    1994, 26:239-241.

    Examples
    --------
    >>> t_chart([12.0, 30.0, 7.0, 21.0, 16.0]).frame["low"].ge(0).all().item()
    True
    """
    times = series_of(time_between, "time_between")
    if (times <= 0).any():
        raise OptionError("`time_between` has a value that is not above 0. Join events of one time.")

    def limits(span: slice) -> Limits:
        roots = times[span] ** (1 / NELSON)
        half, centre = XMR_WIDTH * mean_moving_range(roots, screen=False), roots.mean()
        ends = [max(end, 0.0) ** NELSON for end in (centre, centre - half, centre + half)]
        return Limits(*(np.full(len(roots), end) for end in ends))

    return control_chart(times, limits, Asked(improvement), "XmR limits of the 3.6th root")
