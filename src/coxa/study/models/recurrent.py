"""Options of an analysis of events that come again in a plan."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from coxa.study.models.times import TimesAnalysis
from coxa.study.words import Measure, Summary


class Recurrent(TimesAnalysis):
    """Rates of an event that may come again, from the day of each, up to each visit of the estimand."""

    summaries: ClassVar[tuple[Summary, ...]] = ("rate_ratio",)
    measures: ClassVar[tuple[Measure, ...]] = ("count",)

    model: Literal["recurrent"] = Field(description="Every event counts, with its day.")
    variance: Literal["corrected", "robust", "independent"] = Field(
        "corrected",
        description="Robust by participant (Lin, Wei, Yang and Ying), corrected for few participants by the leverage "
        "of each (Mancl and DeRouen) or not; or that of Andersen and Gill, which takes the events of a participant as "
        "independent.",
    )
    ordered: tuple[Literal["pwp-total", "pwp-gap"], ...] = Field(
        (),
        description="Also give hazard ratios of the first, second, ... event (Prentice, Williams and Peterson), in "
        "total or gap time; later events are compared among those who had the ones before, not as randomised.",
    )
    ties: Literal["efron", "breslow"] = Field("efron", description="How events on the same day are handled.")
    multiplicity: Literal["none", "bonferroni", "holm", "hochberg"] = Field(
        "none", description="Adjustment of the p-values of the planned comparisons."
    )
