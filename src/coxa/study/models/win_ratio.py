"""Options of a comparison of pairs by a composite in a plan."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from coxa.study.analysis import Analysis
from coxa.study.parts import Name, OneOrMany
from coxa.study.words import Measure, Summary


class WinRatio(Analysis):
    """Each participant of an arm compared with each of the comparator, by the steps of a composite in their order."""

    summaries: ClassVar[tuple[Summary, ...]] = ("win_ratio", "win_odds", "net_benefit")
    measures: ClassVar[tuple[Measure, ...]] = ("ranking",)

    model: Literal["win_ratio"] = Field(description="All pairs of participants, by the steps of a composite.")
    strata: OneOrMany[Name] = Field(
        (), description="Covariates: only participants alike in all of them are compared; numbers are too fine for it."
    )
    weighting: Literal["mantel-haenszel", "equal"] = Field(
        "mantel-haenszel", description="Weight of a pair: one over the participants of its stratum, or one."
    )
    variance: Literal["u_statistic", "no_difference"] = Field(
        "u_statistic",
        description="Of the shares of wins and losses of each participant, or that of arms that do not differ (Dong "
        "and others), which R's WINS prints.",
    )
    multiplicity: Literal["none", "bonferroni", "holm", "hochberg"] = Field(
        "none", description="Adjustment of the p-values of the planned comparisons."
    )
    subgroups: tuple[Name, ...] = Field((), description="Covariates in whose levels the arms are compared too.")
