"""Who stays in the trial: dropout that depends on what was recorded, and single visits missed."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]


def logistic_risk(base: float, log_odds: ArrayLike) -> Floats:
    """Return probabilities: `base` where `log_odds` is 0, shifted by `log_odds` on the logit scale.

    Parameters
    ----------
    base
        Probability of the average participant, between 0 and 1.
    log_odds
        (n,) log odds ratio of each participant against the average one.

    Examples
    --------
    >>> logistic_risk(0.2, [0.0, np.log(2)]).round(3).tolist()
    [0.2, 0.333]
    """
    logit = np.log(base / (1.0 - base)) + np.asarray(log_odds, dtype=float)
    return np.asarray(1.0 / (1.0 + np.exp(-logit)))


def draw_happens(rng: np.random.Generator, probability: Floats) -> NDArray[np.bool_]:
    """Draw (n,) whether each participant has an event of the given probability."""
    return np.asarray(rng.random(probability.shape) < probability)


def draw_gaps(rng: np.random.Generator, n: int, n_visits: int, probability: float) -> NDArray[np.bool_]:
    """Draw (n, n_visits) single visits missed, completely at random; the first visit never is."""
    missed = rng.random((n, n_visits)) < probability
    missed[:, 0] = False
    return missed
