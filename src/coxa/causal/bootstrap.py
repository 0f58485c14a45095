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
    if failed > MOST_FAILED * replicates:
        raise FitError(
            f"{failed} of {replicates} samples have no estimate",
            ["Balance fewer confounders.", "Join rare levels of a confounder."],
        )
    values = np.array(found)
    low, high = np.quantile(values, [(1 - conf_level) / 2, (1 + conf_level) / 2])
    return Bootstrapped(float(values.std(ddof=1)), float(low), float(high), values, failed)


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
