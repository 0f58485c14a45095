"""Where a conclusion tips: what has to be added to imputed outcomes until a comparison is no longer what it was."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from scipy import stats
from scipy.special import stdtrit

from coxa.cards import Carded
from coxa.errors import OptionError, check_known
from coxa.impute.compared import Compared, difference
from coxa.impute.conditional import ConditionalMean

FURTHEST = 40.0
"""How far a tipping point is looked for, in standard errors of the difference."""

STEPS = 401
"""Places at which the way there is looked at before a change is found exactly."""

STEPS_OF_MAP = 121
"""The same along one line of a map, which is shorter."""

HALVINGS = 50
"""Halvings of a step, which leave nothing but rounding of where it changes."""


@dataclass(frozen=True, slots=True, repr=False)
class TippingPoint(Carded):
    """The smallest amount added to the imputed outcomes of arms at which a conclusion changes.

    arm, against, visit : the comparison
    moved      : the arms whose imputed outcomes are moved
    significant : whether the difference is significant without any amount
    shift      : the amount, in units of the outcome; NaN where the conclusion changes nowhere in the range
    estimate, std_error, conf_low, conf_high : of the difference at the amount
    searched   : the largest amount that was looked at

    Examples
    --------
    >>> point = TippingPoint("new", "old", "week_12", ("new",), True, -2.51, 1.0, 0.5, 0.0, 2.0, 20.0)
    >>> point.shift, point.significant
    (-2.51, True)
    """

    arm: str
    against: str
    visit: str
    moved: tuple[str, ...]
    significant: bool
    shift: float
    estimate: float
    std_error: float
    conf_low: float
    conf_high: float
    searched: float

    @property
    def sentence(self) -> str:
        """The tipping point in a sentence, without units.

        Examples
        --------
        >>> TippingPoint("new", "old", "week_12", ("new",), True, -2.51, 1, 0.5, 0, 2, 20).sentence
        'The difference stops being significant where -2.51 is added to the imputed outcomes of new.'
        """
        change = "stops being" if self.significant else "becomes"
        who = " and ".join(self.moved)
        if np.isnan(self.shift):
            return (
                f"Up to {self.searched:.3g} added to or taken from the imputed outcomes of {who} the difference "
                f"{'stays' if self.significant else 'does not become'} significant."
            )
        return f"The difference {change} significant where {self.shift:+.3g} is added to the imputed outcomes of {who}."


@dataclass(frozen=True, slots=True, repr=False)
class TippingMap(Carded):
    """A difference for amounts added to the imputed outcomes of both arms.

    arm, against, visit : the comparison
    arm_shifts     : (g,) amounts added in the arm
    against_shifts : (h,) amounts added in the arm that it is compared with
    estimate, std_error, p_value : (h, g)
    line           : points at which the conclusion changes, exactly: `against_shift`, `arm_shift`, `estimate` there
    plausible      : for the arm and for the other the lowest and the highest amount that is plausible from the data;
                     see `plausible_shifts`
    alpha          : two-sided level of the conclusion

    Examples
    --------
    >>> line = pd.DataFrame({"against_shift": [0.0], "arm_shift": [-3.5], "estimate": [1.9]})
    >>> cell = np.array([[2.0]]), np.array([[1.0]]), np.array([[0.046]])
    >>> TippingMap("new", "old", "b", np.zeros(1), np.zeros(1), *cell, line, ((-4.0, 0.0), (-1.0, 1.0)), 0.05).cells()
       arm_shift  against_shift  estimate  std_error  p_value  significant
    0        0.0            0.0       2.0        1.0    0.046         True
    """

    arm: str
    against: str
    visit: str
    arm_shifts: np.ndarray
    against_shifts: np.ndarray
    estimate: np.ndarray = field(repr=False)
    std_error: np.ndarray = field(repr=False)
    p_value: np.ndarray = field(repr=False)
    line: pd.DataFrame = field(repr=False)
    plausible: tuple[tuple[float, float], tuple[float, float]]
    alpha: float

    def cells(self) -> pd.DataFrame:
        """Return the map as a table, one row per pair of amounts."""
        against, arm = np.meshgrid(self.against_shifts, self.arm_shifts, indexing="ij")
        return pd.DataFrame(
            {
                "arm_shift": arm.ravel(),
                "against_shift": against.ravel(),
                "estimate": self.estimate.ravel(),
                "std_error": self.std_error.ravel(),
                "p_value": self.p_value.ravel(),
                "significant": (self.p_value < self.alpha).ravel(),
            }
        )

    @property
    def tips_within_plausible(self) -> bool:
        """Whether the conclusion changes inside the plausible region."""
        (low, high), (low_other, high_other) = self.plausible
        inside = self.line["arm_shift"].between(low, high) & self.line["against_shift"].between(low_other, high_other)
        return bool(inside.any())


def tipping_point(
    found: ConditionalMean,
    arm: str,
    *,
    against: str | None = None,
    visit: str | None = None,
    moved: Sequence[str] | None = None,
    alpha: float = 0.05,
) -> TippingPoint:
    """Find the smallest amount that changes a conclusion, exactly.

    Parameters
    ----------
    found : ConditionalMean
    arm : str
        The arm that is compared.
    against : str, optional
        With which; the reference arm unless given.
    visit : str, optional
        At which visit; the last unless given.
    moved : sequence of str, optional
        The arms whose imputed outcomes are moved; the arm alone unless given.
    alpha : float
        Two-sided level at which a difference is significant.

    Returns
    -------
    TippingPoint
        Amounts are looked at in both directions, as far as 40 standard errors of the difference would take it.

    Raises
    ------
    OptionError
        An arm or a visit is not there.

    Examples
    --------
    >>> from coxa.impute import conditional_mean
    >>> from coxa.models import fit_mmrm
    >>> rng = np.random.default_rng(1)
    >>> who = np.repeat(np.arange(80), 2)
    >>> d = pd.DataFrame({"participant_id": who, "visit": list("ab") * 80, "arm": np.where(who % 2, "new", "old")})
    >>> d["change"] = rng.normal(size=80)[who] + rng.normal(size=160) + 2 * (d["arm"] == "new")
    >>> d.loc[(d["visit"] == "b") & (d["participant_id"] % 5 == 0), "change"] = np.nan
    >>> found = conditional_mean(fit_mmrm("change ~ arm * visit", d), d, reference="old")
    >>> tip = tipping_point(found, "new")
    >>> tip.significant, tip.shift < 0, round(tip.conf_low, 8) + 0
    (True, True, 0.0)
    """
    comparison = Comparison.of(found, arm, against, visit, alpha)
    names = (arm,) if moved is None else tuple(moved)
    for name in names:
        check_known("arm", name, found.outcomes.arms)
    direction = np.isin(found.outcomes.arms, names).astype(float)
    base = comparison.numbers(np.zeros(len(direction)))
    slope = comparison.numbers(direction)[0] - base[0]
    reach = FURTHEST * float(base[1]) / abs(float(slope)) if slope != 0 else 0.0
    roots = [
        root
        for sign in (1.0, -1.0)
        for root in comparison.changes(np.zeros((1, len(direction))), sign * direction, reach)[0][:1] * sign
    ]
    shift = min(roots, key=abs) if roots else np.nan
    estimate, std_error, df = comparison.numbers(np.nan_to_num(shift) * direction)
    half = float(stats.t.ppf(1 - alpha / 2, df) * std_error)
    significant = bool(comparison.excess(np.zeros((1, len(direction))))[0] > 0)
    return TippingPoint(
        arm=arm,
        against=comparison.against,
        visit=comparison.visit,
        moved=names,
        significant=significant,
        shift=float(shift),
        estimate=float(estimate),
        std_error=float(std_error),
        conf_low=float(estimate) - half,
        conf_high=float(estimate) + half,
        searched=reach,
    )


def tipping_map(
    found: ConditionalMean,
    arm: str,
    *,
    against: str | None = None,
    visit: str | None = None,
    arm_shifts: Sequence[float] | None = None,
    against_shifts: Sequence[float] | None = None,
    alpha: float = 0.05,
) -> TippingMap:
    """Return a difference for all pairs of amounts added to the imputed outcomes of the two arms.

    Parameters
    ----------
    found, arm, against, visit, alpha
        As in `tipping_point`.
    arm_shifts, against_shifts : sequences of float, optional
        The amounts; by default 41 of each, to both sides of zero as far as the plausible region and the tipping point
        ask for.

    Returns
    -------
    TippingMap

    Raises
    ------
    OptionError
        An arm or a visit is not there.

    Examples
    --------
    >>> from coxa.impute import conditional_mean
    >>> from coxa.models import fit_mmrm
    >>> rng = np.random.default_rng(1)
    >>> who = np.repeat(np.arange(80), 2)
    >>> d = pd.DataFrame({"participant_id": who, "visit": list("ab") * 80, "arm": np.where(who % 2, "new", "old")})
    >>> d["change"] = rng.normal(size=80)[who] + rng.normal(size=160) + 2 * (d["arm"] == "new")
    >>> d.loc[(d["visit"] == "b") & (d["participant_id"] % 5 == 0), "change"] = np.nan
    >>> found = conditional_mean(fit_mmrm("change ~ arm * visit", d), d, reference="old")
    >>> shown = tipping_map(found, "new", arm_shifts=range(-20, 21), against_shifts=range(-20, 21))
    >>> shown.estimate.shape, len(shown.line) > 0
    ((41, 41), True)
    """
    comparison = Comparison.of(found, arm, against, visit, alpha)
    names = found.outcomes.arms
    pair = plausible_shifts(found, arm, comparison.visit), plausible_shifts(found, comparison.against, comparison.visit)
    given = [None if each is None else np.asarray(list(each), dtype=float) for each in (arm_shifts, against_shifts)]
    x, y = (default_shifts(found, comparison, pair) if each is None else each for each in given)
    if not len(x) or not len(y):
        raise OptionError("A map needs an amount for each arm. Give one or more.")
    shifts = np.zeros((len(y), len(x), len(names)))
    shifts[..., names.index(arm)] = x
    shifts[..., names.index(comparison.against)] = y[:, None]
    estimate, std_error, df = comparison.numbers(shifts)
    start = np.zeros((len(y), len(names)))
    start[:, names.index(comparison.against)] = y
    start[:, names.index(arm)] = x.min()
    along = np.eye(len(names))[names.index(arm)]
    roots = comparison.changes(start, along, float(np.ptp(x)), STEPS_OF_MAP)
    ends = [(start[k] + step * along, y[k], x.min() + step) for k, own in enumerate(roots) for step in own]
    line = [(other, own, float(comparison.numbers(at)[0])) for at, other, own in ends]
    return TippingMap(
        arm=arm,
        against=comparison.against,
        visit=comparison.visit,
        arm_shifts=x,
        against_shifts=y,
        estimate=estimate,
        std_error=std_error,
        p_value=np.asarray(2 * stats.t.sf(np.abs(estimate) / std_error, df)),
        line=pd.DataFrame(line, columns=["against_shift", "arm_shift", "estimate"]),
        plausible=pair,
        alpha=alpha,
    )


@dataclass(frozen=True, slots=True)
class Comparison:
    """The difference of two arms at a visit, as a function of what is added in each arm (..., A)."""

    found: ConditionalMean
    compared: Compared
    arm: str
    against: str
    visit: str
    alpha: float

    @classmethod
    def of(cls, found: ConditionalMean, arm: str, against: str | None, visit: str | None, alpha: float) -> Comparison:
        """Check the names of a comparison and fill in those that are not given."""
        arms, visits = found.outcomes.arms, found.outcomes.visits
        check_known("arm", arm, arms)
        if not 0 < alpha < 1:
            raise OptionError(f"`alpha` is {alpha}. Give a level between 0 and 1, such as 0.05.")
        other = check_known("arm", found.reference if against is None else against, arms)
        if other == arm:
            raise OptionError(f'Arm "{arm}" is compared with itself. Name another arm in `against`.')
        at = check_known("visit", visits[-1] if visit is None else visit, visits)
        compared = found.compared(difference(arms, arm, other)).at(visits.index(at))
        return cls(found, compared, arm, other, at, alpha)

    def numbers(self, shifts: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return estimate, standard error and degrees of freedom (...) for amounts (..., A)."""
        numbers = self.compared.numbers(self.found.weights(shift=shifts))
        estimate, std_error, df = (each[..., 0] for each in numbers)
        return estimate, std_error, df

    def excess(self, shifts: np.ndarray) -> np.ndarray:
        """Return by how much |t| exceeds its critical value, (...)."""
        estimate, std_error, df = self.numbers(shifts)
        return np.asarray(np.abs(estimate) / std_error - stdtrit(df, 1 - self.alpha / 2))

    def changes(self, start: np.ndarray, along: np.ndarray, reach: float, places: int = STEPS) -> list[np.ndarray]:
        """Return for each start (k, A) the steps along a direction (A,) where the conclusion changes, up to `reach`."""
        steps = np.linspace(0.0, reach, places)
        signs = self.excess(start[:, None] + steps[:, None] * along) > 0
        row, place = np.nonzero(signs[:, 1:] != signs[:, :-1])
        low, high = steps[place], steps[place + 1]
        before = signs[row, place]
        for _ in range(HALVINGS if len(row) else 0):
            middle = (low + high) / 2
            same = (self.excess(start[row] + middle[:, None] * along) > 0) == before
            low, high = np.where(same, middle, low), np.where(same, high, middle)
        return [((low + high) / 2)[row == k] for k in range(len(start))]


def plausible_shifts(found: ConditionalMean, arm: str, visit: str) -> tuple[float, float]:
    """Return the lowest and the highest amount for an arm at a visit that the observed data make plausible.

    Those who left are compared with their arm at the last visit before they left: the mean of their residuals there,
    in standard deviations of the model, with 95% limits. If they went on to differ as much in a way that the model does
    not know, imputed outcomes would be off by this part of the standard deviation at the visit. The range has zero in
    it, and is zero where nobody left.

    Examples
    --------
    See `tipping_map`, which shows it as `plausible`.
    """
    outcomes = found.outcomes
    residual = found.residuals
    n, m = residual.shape
    seen = ~outcomes.missing
    left = (outcomes.arm == outcomes.arms.index(arm)) & ~seen[:, outcomes.visits.index(visit)] & seen.any(axis=1)
    last = m - 1 - np.argmax(seen[:, ::-1], axis=1)
    each = (residual[np.arange(n), last] / found.spread[np.arange(n), last])[left]
    if len(each) < 2:
        return 0.0, 0.0
    half = float(stats.t.ppf(0.975, len(each) - 1) * each.std(ddof=1) / np.sqrt(len(each)))
    sd = float(found.spread[left, outcomes.visits.index(visit)].mean())
    return min(0.0, sd * (float(each.mean()) - half)), max(0.0, sd * (float(each.mean()) + half))


def default_shifts(
    found: ConditionalMean, comparison: Comparison, pair: tuple[tuple[float, float], tuple[float, float]]
) -> np.ndarray:
    """Return 41 amounts around zero that reach past the plausible region and, if it is near, the tipping point."""
    plausible = max(abs(value) for low_high in pair for value in low_high)
    tip = tipping_point(
        found, comparison.arm, against=comparison.against, visit=comparison.visit, alpha=comparison.alpha
    ).shift
    sd = float(found.spread[:, found.outcomes.visits.index(comparison.visit)].mean())
    wanted = max(1.2 * plausible, 0.5 * sd, min(1.3 * abs(np.nan_to_num(tip)), 2.5 * sd))
    step = 10.0 ** np.floor(np.log10(wanted))
    end = step * np.ceil(2 * wanted / step) / 2
    return np.linspace(-end, end, 41)
