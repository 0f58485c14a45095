"""Yes or no, levels and counts: what differs between participants is normal, and what is recorded follows from it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.special import log_ndtr, logit

from coxa.simulate.from_plan.defaults import usual_values
from coxa.study.assumptions.trial import AssumedOutcome
from coxa.study.outcome import Outcome

Floats = NDArray[np.float64]

NEAREST = 1e-9
"""Probabilities of 0 and 1 are taken as so near to them."""


def other_centres(
    outcome: Outcome, assumed: AssumedOutcome, arms: Sequence[str], visits: Sequence[str], reference: str
) -> Floats:
    """Return (a, m) centres of an outcome that is no score, by arm and visit.

    They are log odds of a yes, log odds ratios of a higher level against the reference arm, or logarithms of mean
    counts. The baseline of all arms is that of the reference arm at the first visit after it; of goals met it is what
    is usual when goals are set.
    """
    found = np.empty((len(arms), len(visits)))
    usual = usual_values(outcome)
    at_first = None if usual is None or outcome.kind != "yes_no" else float(logit(usual.mean))
    for a, arm in enumerate(arms):
        for t, visit in enumerate(visits):
            after = visits[1] if t == 0 and len(visits) > 1 else visit
            nothing = outcome.kind == "yes_no" and assumed.risk is None
            if at_first is not None and (t == 0 or nothing):
                found[a, t] = at_first
                continue
            found[a, t] = _centre(outcome, assumed, reference if t == 0 else arm, after)
    return found


def _centre(outcome: Outcome, assumed: AssumedOutcome, arm: str, visit: str) -> float:
    if outcome.kind == "yes_no":
        risk = _of(assumed.risk, arm, visit, 0.5)
        return float(logit(np.clip(risk, NEAREST, 1.0 - NEAREST)))
    if outcome.kind == "ordered":
        return float(np.log(_of(assumed.odds_ratio, arm, visit, 1.0)))
    return float(np.log(max(_of(assumed.rate, arm, visit, 1.0), NEAREST)))


def _of(given: object, arm: str, visit: str, other: float) -> float:
    """Return a number given for all, by arm, or by arm and visit."""
    if isinstance(given, dict):
        given = given.get(arm)
    if isinstance(given, dict):
        given = given.get(visit)
    return other if given is None else float(given)  # type: ignore[arg-type]


def other_spread(outcome: Outcome, assumed: AssumedOutcome) -> float:
    """Return the standard deviation between participants: 1, or that of the logarithm of the mean counts."""
    if outcome.kind == "count":
        return float(max(np.sqrt(np.log1p(assumed.dispersion)), 1e-6))
    return 1.0


def cuts_of(outcome: Outcome, assumed: AssumedOutcome) -> Floats:
    """Return (l - 1,) log odds of a level above each but the last, in the reference arm; [0] of a yes or no."""
    if outcome.levels is None:
        return np.zeros(1)
    levels = list(outcome.levels)
    shares = np.array([(assumed.shares or {}).get(level, 0.0) for level in levels])
    shares = np.full(len(levels), 1.0 / len(levels)) if not shares.any() else shares / shares.sum()
    above = 1.0 - np.cumsum(shares)[:-1]
    return np.asarray(logit(np.clip(above, NEAREST, 1.0 - NEAREST)))


def recorded(
    kind: str,
    codes: Floats,
    cuts: Floats,
    centre: Floats,
    noise: Floats,
    spread: float,
    rng: np.random.Generator,
    able: Floats | None = None,
) -> Floats:
    """Return (n,) recorded values.

    Parameters
    ----------
    kind
        yes_no, ordered or count.
    codes, cuts
        (l,) codes of the levels and (l - 1,) log odds of a higher one; of a yes or no 0 and 1.
    centre, noise
        (n,) centres, and what participants differ by, normal with standard deviation `spread`.
    spread
        Of the noise.
    rng
        Of counts, given their mean.
    able
        (n,) factor of the mean of each participant's counts; 0 for those who can have none.

    Notes
    -----
    A level is above cut j with log odds `cuts[j] + centre`: the noise is turned from normal to logistic, so that odds
    are proportional over the levels. A count is Poisson with a log-normal mean.
    """
    if kind == "count":
        mean = np.exp(np.minimum(centre + noise - spread**2 / 2, 20.0))
        return rng.poisson(mean if able is None else mean * able).astype(float)
    standard = noise / spread
    logistic = log_ndtr(standard) - log_ndtr(-standard)
    place = (logistic[:, None] + centre[:, None] + cuts[None, :] > 0).sum(axis=1)
    return np.asarray(codes[place])


def exact_other(kind: str, centre: float) -> float | None:
    """Return the mean of what is recorded where what differs between participants is normal; None of levels."""
    if kind == "count":
        return float(np.exp(centre))
    if kind == "yes_no":
        return float(1.0 / (1.0 + np.exp(-centre)))
    return None
