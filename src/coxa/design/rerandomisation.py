"""The re-randomisation test: the trial's own allocation against all that its scheme could have drawn."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np

from coxa.allocation.draw import draw
from coxa.allocation.schemes import Cluster, Scheme, factors_of, ratio_of, unit_of
from coxa.arguments import FRAME, kinds
from coxa.cards import Carded
from coxa.design.balance_and_guessing import CELLS
from coxa.design.units import level_codes
from coxa.errors import DataError, OptionError, check_known, check_option, not_allowed
from coxa.findings import Finding, Findings
from coxa.simulate.seeds import generator

if TYPE_CHECKING:
    import pandas as pd

Alternative = Literal["two-sided", "greater", "less"]
Statistic = Callable[["pd.DataFrame", np.ndarray], float]
"""A function of the table and of one arm per row, whose value is larger the more the arms differ in a direction."""


@dataclass(frozen=True, slots=True, repr=False)
class RerandomisationTest(Carded):
    """A re-randomisation test.

    statistic   : its value in the trial; for the difference in means, compared arm less reference, units of the outcome
    p_value     : (1 + lists as extreme as the trial's) / (1 + replicates)
    mc_error    : Monte Carlo standard error of `p_value`
    alternative : two-sided, greater or less
    replicates  : lists drawn
    drawn       : (replicates,) the statistic under each of them

    Examples
    --------
    >>> import pandas as pd
    >>> from coxa.design import PermutedBlocks, rerandomisation_test
    >>> data = pd.DataFrame({"participant_id": range(8), "arm": list("abbaabab"), "y": [1.0, 4, 5, 2, 1, 6, 2, 5]})
    >>> found = rerandomisation_test(data, PermutedBlocks({"a": 1, "b": 1}, (4,)), outcome="y", replicates=50, seed=1)
    >>> found.alternative, found.drawn.shape
    ('two-sided', (50,))
    """

    statistic: float
    p_value: float
    mc_error: float
    alternative: Alternative
    replicates: int
    drawn: np.ndarray = field(repr=False)


@kinds(data=FRAME)
def rerandomisation_test(
    data: pd.DataFrame,
    scheme: Scheme,
    *,
    outcome: str | None = None,
    compare: str | None = None,
    against: str | None = None,
    adjust: Sequence[str] = (),
    statistic: Statistic | None = None,
    arm: str = "arm",
    alternative: Alternative = "two-sided",
    replicates: int = 999,
    seed: int,
) -> RerandomisationTest:
    """Test that the arms do not differ, by drawing the allocation again as the trial drew it.

    Parameters
    ----------
    data : DataFrame
        One row per participant, in the order of randomisation: `participant_id` (or for a cluster scheme its column,
        clusters in order of their first row), the scheme's factors, the arm, the outcome. Not changed.
    scheme
        The scheme of the trial; every draw is a list of this very scheme.
    outcome
        Column of the outcome. Participants without a value are allocated and left out of the statistic.
    compare, against
        The arms compared and the reference; may be left out where there are two, then the second less the first.
    adjust
        Columns to adjust the difference for by least squares; words become indicators.
    statistic
        Another statistic instead of the difference in means: a function of `data` and an array of arms, one per row.
    arm
        Column of the allocated arm.
    alternative
        Two-sided counts lists whose statistic is as far from zero, so it should be zero on average without an effect.
    replicates
        Lists to draw.
    seed
        Not negative.

    Returns
    -------
    RerandomisationTest

    Raises
    ------
    OptionError
        Outcome and statistic both given or both left out, an arm, column or alternative that is not there.
    DataError
        Faults of the table; an arm that the scheme does not have; a cluster with two arms or two levels.

    Notes
    -----
    The test is exact whatever the distribution of the outcome: under the null hypothesis the outcomes are fixed and
    the allocation is what is random (Rosenberger & Lachin, Randomization in Clinical Trials, 2nd ed. 2016, chapter
    6). Adding one to both counts keeps the level with a finite number of draws (Phipson & Smyth, Statistical
    Applications in Genetics and Molecular Biology 2010, 9:39).

    Examples
    --------
    >>> import pandas as pd
    >>> from coxa.design import PermutedBlocks, rerandomisation_test
    >>> data = pd.DataFrame({"participant_id": range(8), "arm": list("abbaabab"), "y": [1.0, 4, 5, 2, 1, 6, 2, 5]})
    >>> found = rerandomisation_test(data, PermutedBlocks({"a": 1, "b": 1}, (4,)), outcome="y", seed=1)
    >>> round(found.statistic, 6), found.p_value < 0.1
    (3.5, True)
    """
    check_option("alternative", alternative, get_args(Alternative))
    if (outcome is None) == (statistic is None):
        raise OptionError(
            "Exactly one of `outcome` and `statistic` is needed. Give `outcome` for a difference in means, or a "
            "`statistic` of your own."
        )
    if replicates < 1:
        raise OptionError(f"`replicates` is {replicates}, too few for a test. Give at least 999.")
    arms = np.array(list(ratio_of(scheme)), dtype=object)
    seen = _arms_seen(data, arm, arms)
    codes, unit = _units(data, scheme, arm)
    value = statistic if statistic else _difference(data, str(outcome), seen, _pair(arms, compare, against), adjust)
    observed = float(value(data, seen))
    drawn = np.array([value(data, arms[own][unit]) for own in _lists(scheme, codes, replicates, seed)], dtype=float)
    if not np.isfinite([observed, *drawn]).all():
        raise OptionError(
            f"The statistic is not a number under {int((~np.isfinite(drawn)).sum())} of {replicates} lists. "
            "Return a number for every list, for example 0 where an arm is empty."
        )
    extreme = _as_extreme(drawn, observed, alternative)
    p = (1 + int(extreme.sum())) / (1 + replicates)
    return RerandomisationTest(observed, p, float(np.sqrt(p * (1 - p) / replicates)), alternative, replicates, drawn)


def _lists(scheme: Scheme, codes: np.ndarray, replicates: int, seed: int) -> np.ndarray:
    """Return drawn arms of the units, (B, n)."""
    rng = generator("re-randomisation", seed)
    step = max(1, CELLS // (2 * len(codes)))
    sizes = [min(step, replicates - k) for k in range(0, replicates, step)]
    parts = [
        draw(scheme, np.broadcast_to(codes, (size, *codes.shape)), rng.random((size, len(codes), 2))) for size in sizes
    ]
    return np.concatenate([part.arms for part in parts])


def _as_extreme(drawn: np.ndarray, observed: float, alternative: Alternative) -> np.ndarray:
    """Return which lists are as extreme as the trial; equal up to rounding counts as equal."""
    slack = 1e-9 * max(abs(observed), float(np.abs(drawn).max(initial=0.0)))
    if alternative == "two-sided":
        return np.abs(drawn) >= abs(observed) - slack
    return drawn >= observed - slack if alternative == "greater" else drawn <= observed + slack


def _arms_seen(data: pd.DataFrame, arm: str, arms: np.ndarray) -> np.ndarray:
    if arm not in data:
        raise OptionError(f'There is no column "{arm}". Name the column of the allocated arm with `arm`.')
    unknown = [str(word) for word in data[arm].unique() if word not in set(arms)]
    if unknown:
        _stop(
            f"`{arm}` is not one of {', '.join(arms)}",
            "Name the arms in the scheme as in the table.",
            ", ".join(unknown),
        )
    return data[arm].to_numpy(dtype=object)


def _units(data: pd.DataFrame, scheme: Scheme, arm: str) -> tuple[np.ndarray, np.ndarray]:
    """Return the levels of the units, (n, F), and for each row the position of its unit."""
    if not isinstance(scheme, Cluster):
        return level_codes(scheme, data), np.arange(len(data))
    name = unit_of(scheme)
    if name not in data:
        raise OptionError(f'There is no column "{name}", which the scheme allocates. Add or rename it.')
    same = [*factors_of(scheme), arm]
    mixed = data.groupby(name, sort=False, observed=True)[same].nunique(dropna=False).gt(1)
    for column in same:
        if mixed[column].any():
            words = ", ".join(map(str, mixed.index[mixed[column]]))
            _stop(f"`{column}` differs within a {name}", "Correct the rows of these.", words)
    units = data.drop_duplicates(name)
    place = {word: k for k, word in enumerate(units[name])}
    return level_codes(scheme, units), data[name].map(place).to_numpy(dtype=np.intp)


def _pair(arms: np.ndarray, compare: str | None, against: str | None) -> tuple[str, str]:
    if compare is None and against is None and len(arms) == 2:
        return str(arms[1]), str(arms[0])
    if compare is None or against is None:
        raise OptionError(
            f"`compare` and `against` do not name different arms of the list. Choose them from {', '.join(arms)}."
        )
    for word in (compare, against):
        check_known("arm", word, list(arms))
    return compare, against


def _difference(
    data: pd.DataFrame, outcome: str, seen: np.ndarray, pair: tuple[str, str], adjust: Sequence[str]
) -> Statistic:
    """Return the difference in means between two arms, adjusted by least squares, as a function of the allocation."""
    import pandas as pd

    for column in (outcome, *adjust):
        if column not in data:
            raise OptionError(not_allowed("column", column, map(str, data.columns)))
    used = data[[outcome, *adjust]].notna().all(axis=1).to_numpy()
    for word in pair:
        if not (used & (seen == word)).any():
            _stop(f"arm {word} has no participant with `{outcome}`", "Compare arms that have data.", word)
    y = data.loc[used, outcome].to_numpy(dtype=float)
    held = data.loc[used, list(adjust)]
    around = np.ones((len(y), 1))
    for column in adjust:
        words = held[column]
        number = pd.api.types.is_numeric_dtype(words)
        own = words.to_frame() if number else pd.get_dummies(words, drop_first=True)
        around = np.column_stack([around, own.to_numpy(dtype=float)])

    def difference(_: pd.DataFrame, arms: np.ndarray) -> float:
        both = np.isin(arms[used], pair)
        compared = arms[used][both] == pair[0]
        if compared.all() or not compared.any():
            return 0.0  # a list that leaves an arm empty tells nothing of a difference
        design = np.column_stack([around[both], compared])
        return float(np.linalg.lstsq(design, y[both], rcond=None)[0][-1])

    return difference


def _stop(rule: str, remedy: str, value: str) -> None:
    raise DataError(
        "the allocation cannot be drawn again",
        Findings((Finding("error", "randomised participants", rule, remedy, value=value),)),
    )
