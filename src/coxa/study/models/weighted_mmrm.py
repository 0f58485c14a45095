"""Options of a weighted repeated-measures model of groups that were not randomised, in a plan."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from coxa.study.base import AnyNumber
from coxa.study.models.weighting import BySolvedEquations, WeightsOfGroups
from coxa.study.parts import Name
from coxa.study.words import Measure, Summary


class WeightedMMRM(WeightsOfGroups, BySolvedEquations):
    """Groups made comparable in one repeated-measures model, with a covariance of each group."""

    summaries: ClassVar[tuple[Summary, ...]] = ("difference_in_means",)
    measures: ClassVar[tuple[Measure, ...]] = ("value", "change")
    over_visits: ClassVar[bool] = True

    model: Literal["weighted_mmrm"] = Field(
        description="One model of all visits, weighted or standardised: means by group and visit, an unstructured "
        "covariance in each group."
    )
    visits: AnyNumber[Name] = Field(
        (), description="Visits of the model, those of the estimand among them; all after baseline unless given."
    )
    estimator: Literal["weighted", "doubly_robust", "g_computation"] = Field(
        "weighted",
        description="weighted: means of weighted groups. doubly_robust adds a regression on the confounders in each "
        "group at each visit, standardised; right where the weights or the regressions are. g_computation: the "
        "standardised regressions alone; weights show the balance and are not used.",
    )
    dropout: Literal["likelihood", "weighted"] = Field(
        "likelihood",
        description="likelihood: gaps are missing at random given the outcomes observed. weighted: each outcome also "
        "counts by the inverse probability of being observed, given group, confounders and the outcomes so far.",
    )
