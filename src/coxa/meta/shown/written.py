"""How the numbers of a meta-analysis are written: on the scale that readers know, in the words of its measure."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from coxa.meta.effects import RATIOS
from coxa.study.pool.plan import PoolPlan
from coxa.tables.cells import Cell, Statistic
from coxa.tables.formats import NONE, cell
from coxa.tables.table import Align, Column

MEASURE_WORDS = {
    "md": "mean difference",
    "smd": "standardised mean difference",
    "rr": "risk ratio",
    "or": "odds ratio",
    "rd": "risk difference",
    "mean": "mean",
}
SHORT = {"md": "MD", "smd": "SMD", "rr": "RR", "or": "OR", "rd": "RD", "mean": "Mean"}
METHOD_WORDS = {
    "fixed": "one effect of all trials (fixed effect)",
    "dersimonian-laird": "DerSimonian and Laird",
    "paule-mandel": "Paule and Mandel",
    "empirical-bayes": "empirical Bayes",
    "reml": "restricted maximum likelihood",
    "ml": "maximum likelihood",
    "sidik-jonkman": "Sidik and Jonkman",
    "hedges": "Hedges",
}
TEST_WORDS = {
    "hartung-knapp": "Hartung and Knapp, never narrower than without (ad hoc rule)",
    "hartung-knapp-plain": "Hartung and Knapp, without the ad hoc rule",
    "t": "t distribution",
    "z": "normal distribution",
}


@dataclass(frozen=True, slots=True)
class Written:
    """A plan's scale: what a pooled number is for a reader, and how it is written."""

    plan: PoolPlan

    @property
    def is_ratio(self) -> bool:
        """Whether numbers are pooled as logarithms."""
        return self.plan.outcome.measure in RATIOS

    @property
    def null(self) -> float:
        """No effect, as it is shown."""
        return 1.0 if self.is_ratio else 0.0

    @property
    def factor(self) -> float:
        """What shown numbers are multiplied by: risk differences are in percentage points."""
        return 100.0 if self.plan.outcome.measure == "rd" else 1.0

    @property
    def show(self) -> Callable[[float], float]:
        """From the scale of pooling to the number that is shown."""
        return math.exp if self.is_ratio else (lambda value: value * self.factor)

    @property
    def measure(self) -> str:
        """The measure with its unit."""
        outcome = self.plan.outcome
        unit = "percentage points" if outcome.measure == "rd" else outcome.unit
        words = MEASURE_WORDS[outcome.measure]
        return f"{words} ({unit})" if unit and outcome.measure in ("md", "mean", "rd") else words

    @property
    def short(self) -> str:
        """The measure in letters."""
        return SHORT[self.plan.outcome.measure]

    @property
    def level(self) -> str:
        """The level of intervals, such as "95%"."""
        return f"{100 * self.plan.model.level:g}%"

    @property
    def decimals(self) -> int:
        """Decimals of effects."""
        return 1 if self.plan.outcome.measure == "rd" else self.plan.outcome.decimals

    def interval(self, estimate: float, limits: tuple[float, float], term: str, analysis: str = "pooled") -> Cell:
        """Write an effect with its limits."""
        values = {"estimate": estimate, "conf_low": limits[0], "conf_high": limits[1]}
        shown = {name: self.show(value) for name, value in values.items()}
        return cell("estimate_interval", shown, at(analysis, term), self.decimals)

    def limits(self, limits: tuple[float, float], term: str, analysis: str = "pooled") -> Cell:
        """Write limits alone."""
        shown = {"conf_low": self.show(limits[0]), "conf_high": self.show(limits[1])}
        return cell("limits", shown, at(analysis, term), self.decimals)

    def effect(self, value: float, term: str, analysis: str = "pooled") -> Cell:
        """Write an effect alone."""
        return cell("estimate", {"estimate": self.show(value)}, at(analysis, term), self.decimals)

    def favours(self) -> tuple[str, str]:
        """Return what effects below and above no effect say."""
        compared, reference = (f"favours {name[:1].lower() + name[1:]}" for name in self.plan.arms)
        return (reference, compared) if self.plan.outcome.higher_is_better else (compared, reference)

    def is_benefit(self, value: float) -> bool:
        """Say whether an effect on the scale of pooling is a benefit of the compared arm."""
        return (value > 0) == self.plan.outcome.higher_is_better


def at(analysis: str, term: str) -> Statistic:
    """Return the address of a number."""
    return Statistic("", math.nan, "", analysis, term)


def number(rule: str, name: str, value: float, analysis: str, term: str, decimals: int = 1) -> Cell:
    """Write one number by a rule; a dash where there is none."""
    return cell(rule, {name: value}, at(analysis, term), decimals)


def count(value: int | None, analysis: str, term: str) -> Cell:
    """Write a count; a dash where it is not known."""
    return Cell(NONE) if value is None else cell("count", {"n": float(value)}, at(analysis, term))


def column(label: str, align: Align = "right", spanner: str = "") -> Column:
    """Return a column of a table."""
    return Column(label, align, spanner)


def df_words(df: float) -> str:
    """Return what distribution an interval is by.

    Examples
    --------
    >>> df_words(4.0), df_words(3.72), df_words(math.inf)
    ('t on 4 df', 't on 3.7 df', 'normal')
    """
    if math.isinf(df):
        return "normal"
    return f"t on {df:.0f} df" if float(df).is_integer() else f"t on {df:.1f} df"
