"""Reliable and clinically significant change of single participants."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy import stats

from coxa.cards import Carded
from coxa.errors import OptionError, check_option

ChangeError = Literal["jacobson_truax", "both_spreads", "edwards_nunnally"]
"""Standard errors of a change: of Jacobson & Truax; with the spreads of both occasions; about the true score before."""
CHANGE_ERRORS = {
    "jacobson_truax": "Jacobson and Truax: SD sqrt(2 (1 - r))",
    "both_spreads": "both spreads: sqrt((SD1^2 + SD2^2)(1 - r))",
    "edwards_nunnally": "Edwards and Nunnally: after against the estimated true score before, SD sqrt(1 - r)",
}
Status = Literal["recovered", "improved", "unchanged", "deteriorated"]
STATUSES: tuple[Status, ...] = get_args(Status)


@dataclass(frozen=True, slots=True, repr=False)
class ReliableChange(Carded):
    """Change of each participant against its error.

    error     : standard error of a change, by its name
    std_error : its value, in units of the score
    threshold : change from which it is reliable
    cutoff    : of a score that belongs to the functional population; None where none was given
    frame     : before, after, change (towards better), index, status; one row per participant, missing where a score is

    Examples
    --------
    >>> reliable_change([32.5, 40], [60, 41], sd=7.5, reliability=0.8, cutoff=50, higher_is_better=True).status
    ('recovered', 'unchanged')
    """

    error: ChangeError
    std_error: float
    threshold: float
    cutoff: float | None
    frame: pd.DataFrame

    @property
    def status(self) -> tuple[str, ...]:
        """Status of each participant; empty where a score is missing."""
        return tuple(self.frame["status"])

    @property
    def counts(self) -> dict[str, int]:
        """Status -> participants."""
        return {status: int((self.frame["status"] == status).sum()) for status in STATUSES}


def reliable_change(
    before: ArrayLike,
    after: ArrayLike,
    *,
    sd: float,
    reliability: float,
    higher_is_better: bool,
    cutoff: float | None = None,
    error: ChangeError = "jacobson_truax",
    sd_after: float | None = None,
    mean: float | None = None,
    level: float = 0.95,
) -> ReliableChange:
    """Say of each participant whether the change is reliable, and whether it crosses into the functional population.

    Parameters
    ----------
    before, after : array_like
        (n,) scores; a participant without one of them has no status.
    sd, reliability : float
        Of the scores before treatment, and test-retest (or internal consistency) in such a population, from 0 to 1.
    higher_is_better : bool
        Direction of the score.
    cutoff : float, optional
        From `clinical_cutoffs`, or published; without it no participant is called recovered.
    error : {"jacobson_truax", "both_spreads", "edwards_nunnally"}
        Standard error of the change; it is named in the result, as statuses differ by it.
    sd_after : float, optional
        Of the scores after treatment, for "both_spreads".
    mean : float, optional
        Of the population before treatment, for "edwards_nunnally", whose true scores regress to it.
    level : float
        Two-sided; 0.95 takes 1.959964, not 1.96.

    Returns
    -------
    ReliableChange
        recovered: improved reliably, and across the cutoff; improved: reliably, no more; deteriorated: reliably worse;
        unchanged: the others.

    Raises
    ------
    OptionError
        A number is out of its range, or one that the error needs is missing.

    Notes
    -----
    Jacobson & Truax, Journal of Consulting and Clinical Psychology 1991, 59:12-19; Edwards et al. 1978 for the
    regression to the mean; Maassen 2004 on rival errors. A change that is not reliable is not a change of zero, and one
    that is reliable need not matter: that is what thresholds of important change are for.

    Examples
    --------
    >>> found = reliable_change([32.5], [47.5], sd=7.5, reliability=0.8, higher_is_better=True)
    >>> round(float(found.frame["index"].iloc[0]), 4), round(found.threshold, 4)
    (3.1623, 9.2969)
    """
    check_option("error", error, get_args(ChangeError))
    if not 0 < reliability < 1:
        raise OptionError(f"`reliability` is {reliability:g}. Give a number between 0 and 1.")
    if not sd > 0 or not 0.5 < level < 1:
        raise OptionError(f"`sd` is {sd:g} and `level` {level:g}. Give an sd above 0, and a level such as 0.95.")
    pre, post = np.asarray(before, dtype=float), np.asarray(after, dtype=float)
    if pre.ndim != 1 or pre.shape != post.shape:
        raise OptionError(
            f"`before` has the shape {pre.shape} and `after` {post.shape}. Give both of every participant."
        )
    expected, std_error = _expected(pre, error, sd, reliability, sd_after, mean)
    sign = 1.0 if higher_is_better else -1.0
    index = sign * (post - expected) / std_error
    z = float(stats.norm.ppf((1 + level) / 2))
    status = _statuses(sign * pre, sign * post, index, z, None if cutoff is None else sign * cutoff)
    frame = pd.DataFrame(
        {"before": pre, "after": post, "change": sign * (post - pre), "index": index, "status": status}
    )
    return ReliableChange(error, std_error, z * std_error, cutoff, frame)


def _expected(
    pre: np.ndarray, error: str, sd: float, reliability: float, sd_after: float | None, mean: float | None
) -> tuple[np.ndarray, float]:
    """Return the score after that is expected without a change, and the standard error about it."""
    if error == "edwards_nunnally":
        if mean is None:
            raise OptionError("Edwards and Nunnally's true scores regress to the mean before treatment. Give `mean`.")
        return reliability * (pre - mean) + mean, sd * float(np.sqrt(1 - reliability))
    if error == "both_spreads":
        if sd_after is None or not sd_after > 0:
            raise OptionError("`error='both_spreads'` needs the spread after treatment. Give `sd_after` above 0.")
        return pre, float(np.sqrt((sd**2 + sd_after**2) * (1 - reliability)))
    return pre, sd * float(np.sqrt(2 * (1 - reliability)))


def _statuses(pre: np.ndarray, post: np.ndarray, index: np.ndarray, z: float, cutoff: float | None) -> np.ndarray:
    """Return the status of each participant; higher is better here."""
    status = np.full(len(pre), "unchanged", dtype=object)
    status[index >= z] = "improved"
    status[index <= -z] = "deteriorated"
    if cutoff is not None:
        status[(index >= z) & (pre < cutoff) & (post >= cutoff)] = "recovered"
    status[np.isnan(index)] = ""
    return status


def clinical_cutoffs(
    mean: float,
    sd: float,
    functional_mean: float | None = None,
    functional_sd: float | None = None,
    *,
    higher_is_better: bool,
) -> dict[str, float]:
    """Return the cutoffs a, b and c between a dysfunctional and a functional population.

    Parameters
    ----------
    mean, sd : float
        Of the dysfunctional population.
    functional_mean, functional_sd : float, optional
        Of the functional one; without them there is a alone.
    higher_is_better : bool
        Direction of the score.

    Returns
    -------
    dict
        a, two SD from the dysfunctional mean towards better; b, two SD from the functional mean towards worse; c, where
        both are equally near in SD. c is preferred where the populations overlap.

    Examples
    --------
    >>> clinical_cutoffs(40, 7.5, 60, 7.5, higher_is_better=True)
    {'a': 55.0, 'b': 45.0, 'c': 50.0}
    """
    for name, value in (("sd", sd), ("functional_sd", functional_sd)):
        if value is not None and not value > 0:
            raise OptionError(f"`{name}` is {value:g}. Give a number above 0.")
    sign = 1.0 if higher_is_better else -1.0
    found = {"a": mean + sign * 2 * sd}
    if (functional_mean is None) != (functional_sd is None):
        raise OptionError("A functional population has a mean and a spread. Give both, or none.")
    if functional_mean is None or functional_sd is None:
        return found
    if sign * (functional_mean - mean) <= 0:
        raise OptionError(
            f"The functional mean {functional_mean:g} is not better than {mean:g}. Check both and the direction."
        )
    found["b"] = functional_mean - sign * 2 * functional_sd
    found["c"] = (sd * functional_mean + functional_sd * mean) / (sd + functional_sd)
    return found
