"""Tests of comparisons against the margin of a plan, where its method has none of its own: any kind of model."""

from __future__ import annotations

from collections.abc import Sequence
from typing import get_args

import pandas as pd

from coxa.analyses.comparisons import asked, join
from coxa.analyses.methods import method_of
from coxa.analyses.rows import AnalysisRows
from coxa.estimates import Estimates
from coxa.estimates.margin_inversion import Limits, follows_from_error, inverted
from coxa.estimates.margins import ALPHA, MarginType, tested
from coxa.models.results.run import AnyFit
from coxa.study.comparative import PlannedAnalysis
from coxa.study.margin import margin_of

Key = tuple[str, str, str, str]
"""Arm, reference, visit and kind of a comparison."""


def with_margin_tests(
    planned: PlannedAnalysis, fits: Sequence[AnyFit], dataset: AnalysisRows, estimates: Estimates
) -> Estimates:
    """Return estimates with the tests against the margin of the plan; as they are where it has none, or they are there.

    A comparison whose limits are symmetric is tested by its standard error; of others the p-value is the smallest level
    at which the limits of their method leave out the margin, so that test and limits cannot disagree.
    """
    margin, frame = planned.analysis.margin, estimates.frame
    if margin is None or frame["term"].isin(get_args(MarginType)).any():
        return estimates
    rows = frame[asked(frame, planned) & frame["visit"].isin(planned.visits) & frame["conf_low"].notna()]
    sign = 1 if planned.higher_is_better else -1
    level = ALPHA[margin.type] if margin.alpha is None else margin.alpha
    how: tuple[float, MarginType, int, float] = (margin_of(planned), margin.type, sign, level)
    again = Again(planned, fits, dataset)
    made = [
        tested(row, *how) if follows_from_error(row) else inverted(row, *how, again.limits_of(row))
        for _, row in rows.iterrows()
    ]
    return estimates + Estimates.of(made) if made else estimates


class Again:
    """The comparisons of an analysis at other confidence levels."""

    def __init__(self, planned: PlannedAnalysis, fits: Sequence[AnyFit], dataset: AnalysisRows) -> None:
        self.planned, self.fits, self.dataset = planned, fits, dataset
        self.kept: dict[float, dict[Key, tuple[float, float]]] = {}

    def limits_of(self, row: pd.Series) -> Limits:
        """Return the function from a level to the limits of a comparison."""
        key = key_of(row)

        def limits(level: float) -> tuple[float, float]:
            return self.at(level)[key]

        return limits

    def at(self, level: float) -> dict[Key, tuple[float, float]]:
        """Return the comparisons with limits at a level, by what they compare."""
        if level not in self.kept:
            planned = at_level(self.planned, level)
            method = method_of(planned.analysis)
            fits = tuple(method.fits(planned, self.dataset)) if method.limits_with_fit else self.fits
            frame = join(method.compared(planned, fits, self.dataset)).frame
            compared = frame[frame["term"] == planned.effect.term]
            self.kept[level] = {
                key_of(row): (float(row["conf_low"]), float(row["conf_high"])) for _, row in compared.iterrows()
            }
        return self.kept[level]


def key_of(row: pd.Series) -> Key:
    """Return what a row compares."""
    return str(row["arm"]), str(row["reference"]), str(row["visit"]), str(row["term"])


def at_level(planned: PlannedAnalysis, level: float) -> PlannedAnalysis:
    """Return an analysis with another confidence level."""
    study, name = planned.study, planned.name
    other = planned.analysis.model_copy(update={"conf_level": level})
    return study.model_copy(update={"analyses": {**study.analyses, name: other}}).planned(name)
