"""What a closed-form power calculation answers, and how the quantity left out is found."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from scipy import optimize
from statsmodels.stats import power as sm_power

from coxa.arguments import NUMBER, kinds
from coxa.cards import Carded
from coxa.errors import FitError, OptionError

Solved = Literal["power", "n", "difference"]
Measure = Literal["difference", "hazard ratio", "rate ratio", "odds ratio", "win ratio", "win probability"]
LARGEST = 10_000_000
"""Participants or clusters per arm beyond which no number is looked for."""


@dataclass(frozen=True, slots=True)
class Accuracy:
    """How precisely a design estimates the difference between two arms.

    std_error : of the difference, in units of the outcome
    df        : degrees of freedom of its t test; infinite for a normal one
    """

    std_error: float
    df: float


WORDS = (
    "difference",
    "n",
    "clusters",
    "power",
    "ratio",
    "alpha",
    "dropout",
    "sd",
    "correlation",
    "icc",
    "cluster_size",
    "hazard_ratio",
    "rate_ratio",
    "odds_ratio",
    "win_ratio",
    "win_probability",
    "event_probability",
    "compared_event_probability",
    "rate",
    "dispersion",
    "exposure",
    "ties",
)
with_numbers = kinds(**dict.fromkeys(WORDS, NUMBER))
"""Checks that what a closed form is asked with are numbers."""


@dataclass(frozen=True, slots=True)
class Question:
    """What is given and what is left out; exactly one of the first three is None.

    difference : compared arm less reference, units of the outcome; its sign does not matter
    n          : participants randomised to the reference arm (cluster designs: clusters)
    power      : probability of a significant result
    ratio      : compared to reference arm
    alpha      : level of the test, of both sides together if `sides` is 2
    sides      : 2, or 1 for a test in the direction of the difference
    dropout    : share of participants without an outcome, below 1
    effect     : what the user gives for the difference
    """

    difference: float | None
    n: int | None
    power: float | None
    ratio: float
    alpha: float
    sides: Literal[1, 2]
    dropout: float
    effect: str = "difference"

    def __post_init__(self) -> None:
        left_out = [name for name in ("difference", "n", "power") if getattr(self, name) is None]
        if len(left_out) != 1:
            raise OptionError(
                f"{len(left_out)} of {self.effect}, n (or clusters) and power are left out. Leave out exactly "
                "one, which is then computed."
            )
        check_positive("ratio", self.ratio)
        check_share("alpha", self.alpha)
        if self.difference is not None and not (math.isfinite(self.difference) and self.difference):
            raise OptionError(f"`difference` is {self.difference:g}. Give another number than 0.")
        if self.n is not None and self.n < 2:
            raise OptionError(f"`n` is {self.n}. Give at least 2.")
        if self.power is not None and not self.alpha < self.power < 1:
            raise OptionError(f"`power` is {self.power:g}. Give a number between alpha ({self.alpha:g}) and 1.")
        if self.sides not in (1, 2):
            raise OptionError(f"`sides` is {self.sides}. Give 1 or 2.")
        if not 0 <= self.dropout < 1:
            raise OptionError(f"`dropout` is {self.dropout:g}. Give a share from 0 to below 1.")

    @property
    def solved(self) -> Solved:
        """What is to be found."""
        return "difference" if self.difference is None else "n" if self.n is None else "power"


@dataclass(frozen=True, slots=True, repr=False)
class Power(Carded):
    """The answer, with all that went into it.

    method     : the test
    solved     : what was found: power, n or difference
    difference : compared arm less reference
    power      : with the whole numbers in `n`; never below what was asked
    n          : participants to be randomised, reference and compared arm
    n_analysed : participants expected to have an outcome
    clusters   : clusters in each arm, where there are any; 0 in an arm without
    std_error  : of the difference
    df         : degrees of freedom; infinite for a normal test
    alpha, sides, inputs : as given
    source     : of the formula
    measure    : what `effect` is; of a ratio, `difference` is the logarithm, of a win probability its distance from 1/2
    events     : expected in both arms together, of a time to event

    Examples
    --------
    >>> from coxa.design import power_two_means
    >>> found = power_two_means(sd=1, difference=0.5, power=0.8)
    >>> found.solved, found.n, round(found.power, 3)
    ('n', (64, 64), 0.801)
    """

    method: str
    solved: Solved
    difference: float
    power: float
    n: tuple[int, int]
    n_analysed: tuple[float, float]
    clusters: tuple[int, int] | None
    std_error: float
    df: float
    alpha: float
    sides: int
    inputs: Mapping[str, Any] = field(repr=False)
    source: str = field(repr=False)
    measure: Measure = "difference"
    events: float | None = None

    @property
    def effect(self) -> float:
        """The effect on its own scale: the ratio, the win probability or the difference."""
        if self.measure == "win probability":
            return 0.5 + self.difference
        return self.difference if self.measure == "difference" else math.exp(self.difference)

    def as_text(self) -> str:
        """Return the answer as one line."""
        groups = f", {self.clusters[0]} + {self.clusters[1]} clusters" if self.clusters else ""
        of = "of its logarithm " if self.measure.endswith("ratio") else ""
        return (
            f"{self.method}: {self.n[0]} + {self.n[1]} participants{groups} give power {self.power:.3f} for a "
            f"{self.measure} of {self.effect:.4g} (SE {of}{self.std_error:.4g}, alpha {self.alpha:g}, "
            f"{self.sides}-sided)"
        )


@dataclass(frozen=True, slots=True)
class Solution:
    """The three quantities, all known. n : reference and compared arm, randomised (or clusters)."""

    difference: float
    n: tuple[int, int]
    power: float


def solve(question: Question, power_of: Callable[[float, int, int], float]) -> Solution:
    """Find what was left out.

    Parameters
    ----------
    question
        What is given.
    power_of
        Power as a function of the difference and of the numbers randomised to the reference and to the compared arm.

    Raises
    ------
    FitError
        No number up to ten million gives the power, or no difference does.
    """
    if question.n is not None:
        n = both(question.n, question.ratio)
        if question.difference is not None:
            return Solution(question.difference, n, power_of(question.difference, *n))
        assert question.power is not None
        difference = _difference(lambda d: power_of(d, *n), question.power)
        return Solution(difference, n, power_of(difference, *n))
    assert question.difference is not None
    assert question.power is not None
    d, wanted = question.difference, question.power
    reference = _smallest(lambda k: power_of(d, *both(k, question.ratio)) >= wanted)
    n = both(reference, question.ratio)
    return Solution(d, n, power_of(d, *n))


def both(n: int, ratio: float) -> tuple[int, int]:
    """Return the numbers of both arms; that of the compared arm rounded up."""
    return n, max(2, math.ceil(n * ratio - 1e-9))


def _smallest(enough: Callable[[int], bool]) -> int:
    """Return the smallest whole number from 2 that is enough; more is never less."""
    high = 2
    while not enough(high):
        high *= 2
        if high > LARGEST:
            raise FitError(
                f"no number up to {LARGEST:,} per arm gives this power",
                ["Ask for a larger difference.", "Use more clusters where the number of participants cannot help."],
            )
    low = high // 2 if high > 2 else 1
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle, high)
    return high


def _difference(power_of: Callable[[float], float], wanted: float) -> float:
    """Return the difference that has a power, by bisection on a bracket."""
    high, step = 1e-6, 1.1
    while power_of(high) < wanted:
        high *= step
        if high > 1e12:
            raise FitError("no difference has this power with so few participants", ["Use more participants."])
    return float(optimize.brentq(lambda d: power_of(d) - wanted, high / step if high > 1e-6 else 0.0, high, xtol=1e-12))


def t_power(difference: float, accuracy: Accuracy, alpha: float, sides: int) -> float:
    """Return the power of a t test, or of a normal one where df is infinite, by statsmodels.

    Power of the noncentral t distribution with noncentrality difference / std_error.
    """
    effect = abs(difference) / accuracy.std_error
    alternative = "two-sided" if sides == 2 else "larger"
    if effect > 37:
        return 1.0
    if math.isinf(accuracy.df):
        return float(sm_power.normal_power(effect, 1, alpha, alternative=alternative))
    if accuracy.df <= 0:
        return 0.0
    power = float(sm_power.ttest_power(effect, 1, alpha, df=accuracy.df, alternative=alternative))
    if math.isnan(power):  # the far tail of a noncentral t is lost to rounding where it is below 1e-12
        power = float(sm_power.ttest_power(effect, 1, alpha / sides, df=accuracy.df, alternative="larger"))
    return power


def t_answer(
    method: str,
    question: Question,
    accuracy: Callable[[float, float], Accuracy],
    inputs: Mapping[str, Any],
    source: str,
) -> Power:
    """Return the answer of a t test of two arms of participants.

    `accuracy` is a function of the numbers analysed in the reference and in the compared arm.
    """
    kept = 1 - question.dropout

    def power_of(difference: float, reference: int, compared: int) -> float:
        at = accuracy(reference * kept, compared * kept)
        return t_power(difference, at, question.alpha, question.sides)

    found = solve(question, power_of)
    analysed = (found.n[0] * kept, found.n[1] * kept)
    at = accuracy(*analysed)
    return Power(
        method=method,
        solved=question.solved,
        difference=found.difference,
        power=found.power,
        n=found.n,
        n_analysed=analysed,
        clusters=None,
        std_error=at.std_error,
        df=at.df,
        alpha=question.alpha,
        sides=question.sides,
        inputs=inputs,
        source=source,
    )


def check_positive(name: str, value: float) -> None:
    """Raise `OptionError` unless a number is positive and finite."""
    if not (math.isfinite(value) and value > 0):
        raise OptionError(f"`{name}` is {value:g}. Give a number above 0.")


def check_not_negative(name: str, value: float) -> None:
    """Raise `OptionError` unless a number is 0 or more and finite."""
    if not (math.isfinite(value) and value >= 0):
        raise OptionError(f"`{name}` is {value:g}. Give 0 or more.")


def check_share(name: str, value: float) -> None:
    """Raise `OptionError` unless a number lies between 0 and 1."""
    if not 0 < value < 1:
        raise OptionError(f"`{name}` is {value:g}. Give a number between 0 and 1.")
