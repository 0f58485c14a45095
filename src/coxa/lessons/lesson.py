"""What a lesson is: a story, a way to draw its data, the obvious analysis and the right one, and what was planted."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from coxa.simulate.seeds import generator

if TYPE_CHECKING:
    import pandas as pd

Draw = Callable[[np.random.Generator], "pd.DataFrame"]


@dataclass(frozen=True, slots=True)
class Interval:
    """An estimate with its 95% confidence limits.

    Examples
    --------
    >>> Interval(-2.0, -4.0, 0.5).holds(0.0)
    True
    """

    estimate: float
    low: float
    high: float

    def holds(self, value: float) -> bool:
        """Return whether the interval contains a value."""
        return self.low <= value <= self.high


Analysis = Callable[["pd.DataFrame"], Interval]
"""From the data of a lesson to an estimate with its limits."""


@dataclass(frozen=True, slots=True)
class Drawn:
    """How the data of a lesson come about, and two analyses of them.

    draw  : from a random generator to the data
    wrong : the obvious analysis
    right : the one that finds what was planted
    """

    draw: Draw
    wrong: Analysis
    right: Analysis


@dataclass(frozen=True, slots=True)
class Lesson:
    """A data set with one planted fault, and what there is to learn from it.

    story     : where the data come from and what is asked, for the student
    columns   : column of the data -> what it holds
    questions : to be answered from the data
    hints     : one more with each asking
    fault     : what was planted, for the answer
    truth     : the value that was planted, in `unit`
    wrong     : what the obvious analysis does, as a phrase
    right     : what the right one does
    uses      : functions that answer the questions, in words
    look, wrong_code, right_code : Python that answers the first question and gives both estimates, after `START`
    drawn     : how the data come about, and both analyses

    Examples
    --------
    >>> from coxa.lessons import load_lesson
    >>> lesson = load_lesson("switched_reference")
    >>> sorted(lesson.data(seed=1).columns)
    ['arm_code', 'baseline', 'participant_id', 'week_12']
    """

    name: str
    title: str
    story: str
    columns: dict[str, str]
    questions: tuple[str, ...]
    hints: tuple[str, ...]
    fault: str
    truth: float
    unit: str
    wrong: str
    right: str
    uses: str
    look: str
    wrong_code: str
    right_code: str
    drawn: Drawn

    @property
    def planted(self) -> str:
        """What was planted, with its unit."""
        return f"{self.truth:g} {self.unit}" if self.unit.startswith("points") else f"{self.unit} of {self.truth:g}"

    def data(self, seed: int) -> pd.DataFrame:
        """Return the data of a seed; the same seed gives the same data."""
        return self.drawn.draw(generator(f"lesson {self.name}", seed))


def effect(fit: Any, term: str) -> Interval:
    """Return a coefficient of a fit with its limits."""
    low, high = fit.conf_int().loc[term]
    return Interval(float(fit.params[term]), float(low), float(high))
