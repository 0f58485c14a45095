"""Informative dropout in a rehearsal: who leaves depends on outcomes as they are with the planted effect."""

from __future__ import annotations

import numpy as np
from scipy.special import expit

from coxa.errors import OptionError
from coxa.simulate import TrialDesign
from coxa.simulate.seeds import generator
from coxa.study.comparative import ComparativeStudy


def check_dropout(study: ComparativeStudy) -> None:
    """Raise `OptionError` where the assumptions of a plan have no dropout to plant."""
    part = study.assumptions.dropout if study.assumptions else None
    shares = [] if part is None else part.probability.values() if isinstance(part.probability, dict) else [
        part.probability
    ]  # fmt: skip
    if not any(shares):
        raise OptionError(
            "The assumptions of the plan have no dropout to plant. Add for example `dropout: {probability: 0.4, "
            "mechanism: mnar, odds_ratio: 2}`."
        )


def leaves_before(
    design: TrialDesign, k: int, arm: np.ndarray, values: np.ndarray, seed: int, replicate: int
) -> np.ndarray:
    """Return (n,) the number of the visit before which each participant leaves; that of visits for those who stay.

    Parameters
    ----------
    design
        Of the plan, with the mechanism and the risks of its assumed dropout.
    k
        Place of the outcome that drives it.
    arm
        (n,) codes.
    values
        (n, m) outcomes with the planted effect, baseline first; NaN where there is none.
    seed, replicate
        Of the rehearsal: all analyses of a replicate see the same random numbers.
    """
    part, (n, m) = design.assumptions.dropout, values.shape
    worse = -design.signs[k] * standardised(values, arm)
    drawn = generator(f"dropout of rehearsal {replicate}", seed).random((m, n))
    last, left = np.nan_to_num(worse[:, 0]), np.full(n, m)
    for visit in range(1, m):
        here = worse[:, visit]
        known = np.where(np.isnan(here), last, here)
        by = known if part.mechanism == "mnar" else last
        risk = expit(design.dropout[arm, visit - 1] + np.log(part.odds_ratio) * by)
        left = np.where((left == m) & (drawn[visit] < risk), visit, left)
        last = known
    return left


def standardised(values: np.ndarray, arm: np.ndarray) -> np.ndarray:
    """Return values (n, m) in standard deviations from the mean of the arm at the visit; NaN where there is none.

    Examples
    --------
    >>> standardised(np.array([[1.0], [3.0], [7.0], [9.0]]), np.array([0, 0, 1, 1])).ravel().tolist()
    [-1.0, 1.0, -1.0, 1.0]
    """
    found = np.full(values.shape, np.nan)
    for own in (arm == code for code in np.unique(arm)):
        for visit in range(values.shape[1]):
            there = own & ~np.isnan(values[:, visit])
            if there.any():
                here = values[there, visit]
                found[there, visit] = (here - here.mean()) / (here.std() or 1.0)
    return found
