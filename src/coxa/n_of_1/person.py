"""The effect in one participant, from the differences of his or her blocks."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from coxa.cards import Carded
from coxa.errors import OptionError, check_level

MOST_BLOCKS = 20
"""Blocks of which every order is counted."""

SLACK = 1e-9
"""Share of the largest sum by which sums that are alike may differ in rounding."""


@dataclass(frozen=True, slots=True, repr=False)
class PersonEffect(Carded):
    """The effect of a treatment in one participant, in units of the outcome.

    n_blocks            : blocks with both treatments
    estimate            : mean of their differences
    std_error, df       : of it, with blocks as units; not a number with one block
    t, p_value          : paired t test, two-sided
    conf_low, conf_high : limits at `conf_level`
    randomisation_p     : exact two-sided p-value over all orders within blocks that could have been drawn
    smallest_p          : the smallest that this number of blocks can give

    Examples
    --------
    >>> found = person_effect([-5.8, 1.6, -2.6, -7.5])
    >>> round(found.estimate, 3), round(found.p_value, 6), found.randomisation_p
    (-3.575, 0.1721, 0.25)
    """

    n_blocks: int
    estimate: float
    std_error: float
    df: float
    t: float
    p_value: float
    conf_low: float
    conf_high: float
    conf_level: float
    randomisation_p: float
    smallest_p: float


def person_effect(differences: Any, *, conf_level: float = 0.95) -> PersonEffect:
    """Estimate the effect in one participant, with blocks as the units.

    Parameters
    ----------
    differences : array_like
        (b,) differences within blocks, from `block_differences`; missing ones are left out.
    conf_level : float
        Between 0.5 and 1.

    Returns
    -------
    PersonEffect
        Mean, t interval and test, and the exact randomisation test.

    Raises
    ------
    OptionError
        No difference, or more than 20 blocks.

    Notes
    -----
    The t test takes the differences of blocks as independent; days are not its units, so that their autocorrelation
    does not matter. The randomisation test swaps the treatments within each block (2^b orders, each as likely as the
    others where the order was drawn block by block) and asks how often the mean is at least as far from 0: with b
    blocks p is 2 / 2^b at least, so that six blocks are the fewest that can reach 0.05. Sources: Senn, Cross-over
    Trials in Clinical Research, 2002; Edgington & Onghena, Randomization Tests, 2007.

    Examples
    --------
    >>> person_effect([-2.0, -1.0, -3.0, -2.5, -1.5, -0.5]).randomisation_p
    0.03125
    """
    check_level(conf_level)
    d = np.asarray(differences, dtype=float).ravel()
    d = d[np.isfinite(d)]
    n = len(d)
    if n == 0:
        raise OptionError("`differences` has no number. Give the difference of at least one block.")
    if n > MOST_BLOCKS:
        raise OptionError(f"`differences` has {n} blocks. Give at most {MOST_BLOCKS}, whose orders can be counted.")
    mean = float(d.mean())
    error = float(d.std(ddof=1)) / math.sqrt(n) if n > 1 else math.nan
    df = float(n - 1) if n > 1 else math.nan
    t = mean / error if error > 0 else math.nan
    half = float(stats.t.ppf((1 + conf_level) / 2, df)) * error if n > 1 else math.nan
    return PersonEffect(
        n_blocks=n,
        estimate=mean,
        std_error=error,
        df=df,
        t=t,
        p_value=float(2 * stats.t.sf(abs(t), df)) if math.isfinite(t) else math.nan,
        conf_low=mean - half,
        conf_high=mean + half,
        conf_level=conf_level,
        randomisation_p=randomisation_p(d),
        smallest_p=2.0 ** (1 - n),
    )


def randomisation_p(differences: NDArray[np.float64]) -> float:
    """Return the share of all 2^b orders within blocks whose mean is at least as far from 0 as the one found.

    Examples
    --------
    >>> randomisation_p(np.array([1.0, 2.0, 3.0]))
    0.25
    """
    sums = np.zeros(1)
    for one in differences:
        sums = np.concatenate((sums + one, sums - one))
    slack = SLACK * float(np.abs(differences).sum())
    return float(np.mean(np.abs(sums) >= abs(float(differences.sum())) - slack))
