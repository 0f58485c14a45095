"""A bootstrap of participants, within groups: the second way to the standard error of a comparison."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from coxa.arguments import FRAME, TEXT, WHOLE, kinds
from coxa.cards import Carded
from coxa.errors import CoxaError, FitError, OptionError, check_known

Statistic = Callable[[pd.DataFrame], float]
Numbers = Callable[[np.ndarray], np.ndarray]
"""From the places of rows (n,) to numbers (k,)."""
MOST_FAILED = 0.1
"""Share of samples without an estimate above which there is no answer."""


@dataclass(frozen=True, slots=True, repr=False)
class Bootstrapped(Carded):
    """Estimates of resampled participants.

    std_error           : standard deviation of the samples
    conf_low, conf_high : percentile limits
    samples             : (b,) estimates
    failed              : samples without an estimate

    Examples
    --------
    >>> data = pd.DataFrame({"group": list("ab") * 30, "y": np.arange(60.0) % 11})
    >>> found = bootstrap_groups(data, lambda rows: rows["y"].mean(), group="group", replicates=50, seed=1)
    >>> found.failed, 0.3 < found.std_error < 0.5
    (0, True)
    """

    std_error: float
    conf_low: float
    conf_high: float
    samples: np.ndarray = field(repr=False)
    failed: int


@kinds(data=FRAME, group=TEXT, replicates=WHOLE, seed=WHOLE)
def bootstrap_groups(
    data: pd.DataFrame,
    statistic: Statistic,
    *,
    group: str,
    participant: str | None = None,
    replicates: int = 1000,
    seed: int = 1,
    conf_level: float = 0.95,
) -> Bootstrapped:
    """Resample participants within groups, and estimate anew in each sample: weights, models and all.

    Parameters
    ----------
    data : DataFrame
        One row per participant, or several with `participant`.
    statistic : function
        From rows to a number; it makes its own weights from them.
    group : str
        Column of the groups, whose sizes are kept.
    participant : str, optional
        Column of participants with several rows, as of visits; each drawn one gets a name of its own.
    replicates, seed : int
    conf_level : float, default 0.95
        Of the percentile limits.

    Raises
    ------
    FitError
        More than a tenth of the samples have no estimate.

    Examples
    --------
    >>> data = pd.DataFrame({"group": list("ab") * 20, "y": np.arange(40.0)})
    >>> mean = lambda rows: float(rows["y"].mean())
    >>> first, second = (bootstrap_groups(data, mean, group="group", replicates=9, seed=4) for _ in range(2))
    >>> first.std_error == second.std_error
    True
    """
    check_known("column", group, [str(column) for column in data.columns])
    if replicates < 2:
        raise OptionError(f"`replicates` is {replicates}. Give at least 2.")
    rng = np.random.default_rng(np.random.SeedSequence([seed, 7012]))
    places = _places(data, group, participant)
    found, failed = [], 0
    for _ in range(replicates):
        try:
            found.append(float(statistic(_sample(data, places, participant, rng))))
        except (CoxaError, np.linalg.LinAlgError):
            failed += 1
    _check_failed(failed, replicates)
    values = np.array(found)
    low, high = np.quantile(values, [(1 - conf_level) / 2, (1 + conf_level) / 2])
    return Bootstrapped(float(values.std(ddof=1)), float(low), float(high), values, failed)


@dataclass(frozen=True, slots=True, repr=False)
class Resampled(Carded):
    """The covariance of numbers over samples of participants.

    covariance       : (k, k) of the numbers
    replicates, seed : as asked for
    failed           : samples without numbers

    Examples
    --------
    >>> y = np.arange(60.0) % 7
    >>> found = resample(lambda rows: np.array([y[rows].mean()]), 60, replicates=401, seed=2)
    >>> round(found.monte_carlo, 4), round(float(found.covariance[0, 0] ** 0.5), 1)
    (0.0354, 0.3)
    """

    covariance: np.ndarray = field(repr=False)
    replicates: int
    seed: int
    failed: int

    @property
    def monte_carlo(self) -> float:
        """Monte Carlo error of a standard error, as a share of it: 1 / sqrt(2 (b - 1)) of b samples."""
        return float(1 / np.sqrt(2 * (self.replicates - self.failed - 1)))

    @property
    def words(self) -> str:
        """What was done, in words."""
        failed = f", {self.failed} without an estimate" if self.failed else ""
        return (
            f"errors by a bootstrap of participants ({self.replicates} samples, seed {self.seed}{failed}; "
            f"Monte Carlo error {100 * self.monte_carlo:.1f}% of a standard error)"
        )


def resample(numbers: Numbers, n: int, *, replicates: int = 1000, seed: int = 1) -> Resampled:
    """Resample participants, and find numbers anew in each sample: weights, models and all.

    Parameters
    ----------
    numbers : function
        From the places of rows (n,) to numbers (k,), always the same k.
    n : int
        Participants. Groups are drawn with them, as the equations that are solved together have it.
    replicates, seed : int

    Returns
    -------
    Resampled

    Raises
    ------
    FitError
        More than a tenth of the samples have no numbers.

    Examples
    --------
    >>> y = np.arange(40.0)
    >>> found = resample(lambda rows: y[rows][:1], 40, replicates=9, seed=4)
    >>> found.failed
    0
    """
    if replicates < 2:
        raise OptionError(f"`replicates` is {replicates}. Give at least 2.")
    rng = np.random.default_rng(np.random.SeedSequence([seed, 7013]))
    found = []
    for _ in range(replicates):
        rows = rng.integers(0, n, n)
        try:
            values = np.asarray(numbers(rows), dtype=float)
        except (CoxaError, np.linalg.LinAlgError):
            continue
        if np.isfinite(values).all():
            found.append(values)
    failed = replicates - len(found)
    _check_failed(failed, replicates)
    covariance = np.atleast_2d(np.cov(np.array(found), rowvar=False, ddof=1))
    return Resampled(covariance, replicates, seed, failed)


def _check_failed(failed: int, replicates: int) -> None:
    if failed > MOST_FAILED * replicates or replicates - failed < 2:
        raise FitError(
            f"{failed} of {replicates} samples have no estimate",
            ["Balance fewer confounders.", "Join rare levels of a confounder."],
        )


def _places(data: pd.DataFrame, group: str, participant: str | None) -> list[list[np.ndarray]]:
    """Return, for each group, the places of the rows of each participant."""
    keys = [group] if participant is None else [group, participant]
    whole = data.assign(place_=np.arange(len(data))).reset_index(drop=True)
    if participant is None:
        return [[np.array([k]) for k in rows["place_"]] for _, rows in whole.groupby(group, observed=True)]
    people = whole.groupby(keys, observed=True)["place_"].apply(np.array)
    return [list(rows) for _, rows in people.groupby(level=0, observed=True)]


def _sample(
    data: pd.DataFrame, places: list[list[np.ndarray]], participant: str | None, rng: np.random.Generator
) -> pd.DataFrame:
    chosen = [people[k] for people in places for k in rng.integers(0, len(people), len(people))]
    rows = data.iloc[np.concatenate(chosen)].reset_index(drop=True)
    if participant is None:
        return rows
    return rows.assign(**{participant: np.repeat(np.arange(len(chosen)), [len(one) for one in chosen])})
