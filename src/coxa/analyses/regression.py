"""A regression of the rows of one visit, apart from how its design is made: for many trials of one plan."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import pandas as pd

from coxa.models.design.matrix import Design
from coxa.study.comparative import PlannedAnalysis


@dataclass(frozen=True, slots=True)
class Regression:
    """The regression of a visit.

    formula : of its design
    also    : columns that an analysed row must have too
    rows    : the rows of a visit -> those that the model is of, with the columns that it needs
    numbers : a design and the rows that it was made of -> rows of `coxa.estimates.Estimates`
    """

    formula: str
    also: tuple[str, ...]
    rows: Callable[[pd.DataFrame], pd.DataFrame]
    numbers: Callable[[Design, pd.DataFrame], Iterable[dict[str, Any]]]


def is_plain(planned: PlannedAnalysis) -> bool:
    """Return whether comparisons are those of one model of each visit, without random effects.

    Not where p-values are adjusted, there is a margin, or participants have periods.
    """
    analysis = planned.analysis
    alone = analysis.multiplicity == "none" and analysis.margin is None and not analysis.factors
    return alone and planned.study.received_in_periods is None
