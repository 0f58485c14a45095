"""Run charts: a series about its median, without limits."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from coxa.errors import OptionError


@dataclass(frozen=True, slots=True)
class RunChart:
    """A series about its median, and whether it varies as chance would.

    median         : of all values, or of those that it is fixed on
    n_useful       : values that are not on the median
    longest_run    : most useful values in a row on one side
    longest_chance : the most that chance explains
    crossings      : how often the series crosses the median
    fewest_chance  : the fewest crossings that chance explains

    Examples
    --------
    >>> chart = run_chart([5, 6, 5, 7, 4, 6, 5, 7, 9, 9, 10, 9, 11, 10, 9, 10])
    >>> chart.longest_run, chart.longest_chance, chart.crossings, chart.fewest_chance, chart.signal
    (8, 7, 1, 4, True)
    """

    median: float
    n_useful: int
    longest_run: int
    longest_chance: int
    crossings: int
    fewest_chance: int

    @property
    def signal(self) -> bool:
        """Whether a run is too long or the crossings are too few for chance."""
        return self.longest_run > self.longest_chance or self.crossings < self.fewest_chance


def run_chart(values: ArrayLike, *, fix_after: int | None = None) -> RunChart:
    """Return the median of a series with the two rules that depend on its length.

    Parameters
    ----------
    values
        In the order of time, none missing.
    fix_after
        The median is that of the first so many values.

    Returns
    -------
    RunChart

    Raises
    ------
    OptionError
        A value is missing, or fewer than two are not on the median.

    Notes
    -----
    With n values that are not on the median, a run longer than log2(n) + 3 (rounded), or fewer crossings than the 5 %
    quantile of a binomial distribution of n - 1 tries with probability 1/2, is a signal. Source: Anhoej and Olesen,
    PLoS ONE 2014, 9:e113825.

    Examples
    --------
    >>> run_chart([3, 1, 4, 1, 5, 9, 2, 6]).signal
    False
    """
    series = np.asarray(values, dtype=float)
    if series.ndim != 1 or not np.isfinite(series).all():
        raise OptionError("`values` has a missing value. Leave its period out.")
    median = float(np.median(series[:fix_after])) if len(series) else np.nan
    side = np.sign(series - median)
    side = side[side != 0]
    if len(side) < 2:
        raise OptionError(f"{len(side)} values differ from the median. Give at least two that do.")
    changes = np.flatnonzero(np.diff(side))
    runs = np.diff([-1, *changes, len(side) - 1])
    return RunChart(
        median=median,
        n_useful=len(side),
        longest_run=int(runs.max()),
        longest_chance=round(float(np.log2(len(side)))) + 3,
        crossings=len(changes),
        fewest_chance=int(stats.binom.ppf(0.05, len(side) - 1, 0.5)),
    )
