"""The smallest number of participants with a power, by simulation."""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import norm

from coxa.arguments import NUMBER, WHOLES, kinds
from coxa.cards import Carded
from coxa.design.by_simulation.simulated import SimulatedPower, numbers_of, simulated_power
from coxa.errors import FitError, OptionError, TooFewParticipantsError
from coxa.simulate import trial_design
from coxa.study.comparative import COMPARATIVE, ComparativeStudy

ROUNDS = 8
"""Numbers that are looked for between one too small and one large enough, before the curve is taken as it is."""

LARGEST = 20_000
STEP = (1.25, 4.0)
"""How far the search goes in one step while it is outside, as multiples of the last number."""
NEAR = 1.6
"""Numbers within this factor of the two that enclose the answer give the curve its shape."""
FEWEST = 5
"""Trials that show an effect, from which on the rise of the power can be looked at."""
KEYS = ["analysis", "arm", "reference", "visit"]
AROUND = (0.8, 1.25)
"""Where the curve is given its slope, as multiples of the number found."""


@dataclass(frozen=True, slots=True, repr=False)
class SampleSize(Carded):
    """The number of participants with a power.

    n         : of all arms together, divisible by the randomisation ratio; every comparison that counts has the power
    low, high : 95% Monte Carlo interval of it, of the comparison that needs most; infinite where the trials do not tell
    power     : that was asked
    decided_by : the comparison that needs most
    simulated : what was simulated on the way, with the number found in it

    Examples
    --------
    >>> import coxa
    >>> found = coxa.simulated_power(coxa.preset("bennell-2014"), 40, replicates=10, analyses=["primary"])
    >>> size = SampleSize(n=142, low=130.0, high=math.inf, power=0.8, decided_by="primary", simulated=found)
    >>> size.as_text()
    '142 participants (95% Monte Carlo interval 130 to no limit) give power 0.8; decided by primary'
    """

    n: int
    low: float
    high: float
    power: float
    decided_by: str
    simulated: SimulatedPower

    def as_text(self) -> str:
        """Return the answer as one line."""
        high = f"{self.high:.0f}" if math.isfinite(self.high) else "no limit"
        return (
            f"{self.n} participants (95% Monte Carlo interval {self.low:.0f} to {high}) give power {self.power:g}; "
            f"decided by {self.decided_by}"
        )


@dataclass(frozen=True, slots=True)
class ProbitCurve:
    """Power = Phi(a + b sqrt(n)), through simulated points. covariance : (2, 2) of (a, b)."""

    a: float
    b: float
    covariance: np.ndarray

    def n(self, power: float) -> float:
        """Return the number with a power; infinite where the curve does not rise."""
        return ((float(norm.ppf(power)) - self.a) / self.b) ** 2 if self.b > 0 else math.inf

    def limits(self, power: float, conf_level: float = 0.95) -> tuple[float, float]:
        """Return the limits of the number, by Fieller's theorem on sqrt(n)."""
        z2 = float(norm.ppf((1 + conf_level) / 2)) ** 2
        gap = float(norm.ppf(power)) - self.a
        va, vb, cab = self.covariance[0, 0], self.covariance[1, 1], self.covariance[0, 1]
        # (gap - b s)^2 <= z2 (va + 2 s cab + s^2 vb), a quadratic in s = sqrt(n)
        square, middle, rest = self.b**2 - z2 * vb, gap * self.b + z2 * cab, gap**2 - z2 * va
        inside = middle**2 - square * rest
        if square <= 0 or inside < 0:
            return 0.0, math.inf
        roots = ((middle - math.sqrt(inside)) / square, (middle + math.sqrt(inside)) / square)
        return max(roots[0], 0.0) ** 2, roots[1] ** 2


@kinds(study=COMPARATIVE, power=NUMBER, n=WHOLES)
def find_n(
    study: ComparativeStudy,
    power: float,
    n: int | Sequence[int] | None = None,
    *,
    analyses: Sequence[str] | None = None,
    **options: Any,
) -> SampleSize:
    """Find the smallest number of participants with which every comparison has a power.

    Parameters
    ----------
    study
        A plan with `assumptions`.
    power
        Above 0.05 and below 1.
    n
        Numbers to begin with; that of the plan unless given.
    analyses
        Those whose comparisons count; the primary ones unless given.
    **options
        As for `simulated_power`, without `vary`.

    Raises
    ------
    OptionError
        The power is out of range, or `vary` is given.
    FitError
        Power does not rise with the number, as without an effect, or 20,000 are not enough.

    Notes
    -----
    The search goes up or down until one number has less power and another enough. In between, a probit curve in
    sqrt(n), the form that the power of a normal test has, is laid through the points near them by maximum likelihood,
    and the number at which it has the power is simulated next, until it stays where it is. The interval is Fieller's on
    sqrt(n). Source of the approach: Wilson et al., Statistical Methods in Medical Research 2021, 30:799-815, who fit a
    surrogate to simulated power. Going up ends early where the power rises too slowly to reach what is asked: in
    sqrt(n) the probit of a power rises ever less.

    Examples
    --------
    >>> import coxa
    >>> found = find_n(coxa.preset("bennell-2014"), 0.5, replicates=10, analyses=["primary"])
    >>> bool(found.low < found.n < found.high), found.decided_by
    (True, 'primary, physiotherapy - sham at week_13')
    """
    if not 0.05 < power < 1:
        raise OptionError(f"`power` is {power:g}. Give a number above 0.05 and below 1.")
    if options.get("vary"):
        raise OptionError(
            "A number is searched for under one setting, and several were given. Change the plan, or give `--n` "
            "with `--vary`."
        )
    counted, step = tuple(analyses or primary(study)), ratio_sum(study)
    first = simulated_power(study, numbers_of(study, n), analyses=counted, **options)
    search = Search(study, counted, power, step, options, first)
    search.go_up()
    search.go_down()
    for _ in range(ROUNDS):
        wanted = rounded(needed(search.known.frame, power)[0], step, LARGEST)
        if not search.add(wanted):
            break
    wanted = rounded(needed(search.known.frame, power)[0], step, LARGEST)
    for factor in AROUND:
        search.add(rounded(factor * wanted, step, LARGEST))
    found, decided_by, curve = needed(search.known.frame, power)
    final = rounded(found, step, LARGEST)
    search.add(final)
    low, high = curve.limits(power)
    return SampleSize(final, low, high, power, decided_by, search.known)


@dataclass(slots=True)
class Search:
    """What is known so far, and the next number to simulate.

    study, analyses, power, step, options : as `find_n` was asked; n is a multiple of `step`
    known   : what was simulated
    too_few : largest number with which nothing could be fitted, 0 if there was none
    """

    study: ComparativeStudy
    analyses: tuple[str, ...]
    power: float
    step: int
    options: dict[str, Any]
    known: SimulatedPower
    too_few: int = 0

    def least(self) -> pd.Series:
        """Return the power of the comparison that has least, by number of participants in rising order."""
        return self.known.frame.groupby("n")["power"].min()

    def add(self, n: int) -> bool:
        """Simulate a number; return False where it is known already, or too small for the model."""
        if n <= self.too_few or n in set(self.known.frame["n"]):
            return False
        try:
            more = simulated_power(self.study, n, analyses=self.analyses, **self.options)
        except TooFewParticipantsError:
            if n > self.known.frame["n"].min():
                raise
            self.too_few = n
            return True
        self.known = joined(self.known, more)
        return True

    def go_up(self) -> None:
        """Add larger numbers until one gives the power; raise FitError where none can."""
        while (self.least() < self.power).all():
            last = int(self.known.frame["n"].max())
            key = self.known.frame.loc[self.known.frame["n"] == last, "power"].idxmin()
            rows = self._of_comparison(key)
            if last >= LARGEST // self.step * self.step or rises_too_slowly(rows, self.power):
                raise _no_number(rows, self.power)
            near, far = (factor * last for factor in STEP)
            self.add(rounded(min(max(curve_of(rows).n(self.power), near), far), self.step, LARGEST))

    def go_down(self) -> None:
        """Add smaller numbers until one gives less than the power, or nothing can be fitted."""
        while (self.least() >= self.power).all():
            first = int(self.known.frame["n"].min())
            smallest = max(self.too_few, int(first / STEP[1]), 1)
            if not self.add(rounded((smallest * first) ** 0.5 - self.step, self.step, LARGEST)):
                return

    def _of_comparison(self, place: Any) -> pd.DataFrame:
        frame = self.known.frame
        return frame[(frame[KEYS] == frame.loc[place, KEYS]).all(axis=1)].sort_values("n")


def rises_too_slowly(rows: pd.DataFrame, power: float) -> bool:
    """Return whether the last two numbers of one comparison, each at its favourable limit, do not lead to the power."""
    last = rows.tail(2)
    shown = (last["power"] * last["replicates"]).to_numpy()
    if len(last) < 2 or (shown < FEWEST).any():
        return False
    error = 1.96 * np.sqrt((shown + 1) * (last["replicates"] - shown + 1)) / last["replicates"] ** 1.5
    favourable = norm.ppf(np.clip(last["power"] + [-1, 1] * error, 1e-6, 1 - 1e-6))
    root = np.sqrt(last["n"].to_numpy(dtype=float))
    rise = max((favourable[1] - favourable[0]) / (root[1] - root[0]), 0.0)
    return bool(favourable[1] + rise * (math.sqrt(LARGEST) - root[1]) < norm.ppf(power))


def _no_number(rows: pd.DataFrame, power: float) -> FitError:
    last = rows.iloc[-1]
    return FitError(
        (
            f"no number up to {LARGEST:,} gives {comparison_name(last)} power {power:g}, and {int(last['n']):,} "
            f"participants give {last['power']:.2f}"
        ),
        (
            "Check the `mean_change` that the assumptions give the arms. Without an effect there is no power.",
            (
                "Raise the `number` of therapists or clinics in `clusters`. With few of them, more participants "
                "do not help."
            ),
            "Ask for more replicates, if the power hardly rises between the numbers tried.",
        ),
    )


def primary(study: ComparativeStudy) -> list[str]:
    """Return the primary analyses of a plan, or all where none is primary."""
    return [planned.name for planned in study.primary_analyses or study.planned_analyses]


def ratio_sum(study: ComparativeStudy) -> int:
    """Return of what the number of participants is a multiple."""
    numbers = trial_design(study).numbers if study.allocation is None else None
    if numbers is not None and not isinstance(study.assumptions and study.assumptions.participants, dict):
        return len(study.arms)
    shares = study.allocation.shares(study.arms) if study.allocation else dict.fromkeys(study.arms, 1)
    return sum(shares.values())


def rounded(n: float, step: int, largest: int) -> int:
    """Return the next multiple of `step`, within limits.

    Examples
    --------
    >>> rounded(101.2, 2, 1000), rounded(5000.0, 2, 1000)
    (102, 1000)
    """
    return int(min(max(math.ceil(n / step - 1e-9), 1) * step, max(largest // step, 1) * step))


def needed(frame: pd.DataFrame, power: float) -> tuple[float, str, ProbitCurve]:
    """Return the number that the comparison needs which needs most, its name, and its curve.

    Raises
    ------
    FitError
        A curve does not rise, or more than twenty thousand are needed.
    """
    found = []
    for _, rows in frame.groupby(KEYS, sort=False):
        curve = curve_of(near(rows.sort_values("n"), power))
        wanted = curve.n(power)
        smallest = rows["n"].min()
        if (rows["power"] >= power).all():  # it needs no more than the smallest number, however flat its curve is
            wanted = min(wanted, float(smallest))
        found.append((wanted, rows, curve))
    wanted, rows, curve = max(found, key=lambda each: each[0])
    if wanted > LARGEST:
        raise _no_number(rows.sort_values("n"), power)
    return wanted, comparison_name(rows.iloc[0]), curve


def comparison_name(row: pd.Series) -> str:
    """Return the words for the comparison of a row."""
    return f"{row['analysis']}, {row['arm']} - {row['reference']}" + (f" at {row['visit']}" if row["visit"] else "")


def near(rows: pd.DataFrame, power: float) -> pd.DataFrame:
    """Return the rows about the numbers that enclose the power, at least two; all where none do.

    Examples
    --------
    >>> rows = pd.DataFrame({"n": [10, 40, 50, 400, 800], "power": [0.0, 0.7, 0.9, 1.0, 1.0]})
    >>> near(rows, 0.8)["n"].to_list()
    [40, 50]
    """
    enough = rows["power"].to_numpy() >= power
    if enough.all() or not enough.any():
        return rows
    n = rows["n"].to_numpy(dtype=float)
    low, high = sorted((n[~enough].max(), n[enough].min()))  # chance may put the smaller of them above the power
    return rows[(n >= low / NEAR) & (n <= high * NEAR)]


def curve_of(rows: pd.DataFrame) -> ProbitCurve:
    """Return the curve through the rows of one comparison."""
    return probit_curve(rows["n"].to_numpy(), rows["power"].to_numpy(), rows["replicates"].to_numpy())


def probit_curve(n: np.ndarray, power: np.ndarray, replicates: np.ndarray) -> ProbitCurve:
    """Lay a probit curve in sqrt(n) through simulated powers, by maximum likelihood.

    With one number only the curve has the level of a two-sided test of 5% where there is nobody.
    """
    import statsmodels.api as sm

    shown = np.round(power * replicates)
    shares = (shown + 0.5) / (replicates + 1)
    root = np.sqrt(n.astype(float))
    if len(np.unique(n)) == 1:
        a = float(norm.ppf(0.025))
        b = float((norm.ppf(shares).mean() - a) / root[0])
        return ProbitCurve(a, b, np.full((2, 2), np.nan))
    model = sm.GLM(
        np.column_stack([shares * (replicates + 1), (1 - shares) * (replicates + 1)]),
        sm.add_constant(root),
        family=sm.families.Binomial(sm.families.links.Probit()),
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # two points leave nothing to estimate a dispersion from, and none is needed
        fitted = model.fit()
    a, b = (float(value) for value in fitted.params)
    return ProbitCurve(a, b, np.asarray(fitted.cov_params()))


def joined(first: SimulatedPower, second: SimulatedPower) -> SimulatedPower:
    """Return both as one, by comparison and number."""
    frame = pd.concat([first.frame, second.frame], ignore_index=True)
    frame = frame.sort_values(["n"], kind="stable", ignore_index=True)
    failures = pd.concat([first.failures, second.failures], ignore_index=True)
    return replace(first, frame=frame, failures=failures)
