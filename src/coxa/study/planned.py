"""An analysis of a plan with everything that the plan says about it: outcome, scale, arms, visits and labels."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from coxa.study.important import Important, important_difference
from coxa.study.parts import label_of
from coxa.study.scales import OutcomeScale, outcome_scale
from coxa.study.words import MEASURE_WORDS, PERCENTAGE_POINTS

if TYPE_CHECKING:
    import pandas as pd

    from coxa.study.analysis import Analysis
    from coxa.study.estimand import Endpoint, Estimand
    from coxa.study.parts import Outcome
    from coxa.study.plan import Study

PERCENT_DECIMALS = 1
"""Decimals of a percent change."""


@dataclass(frozen=True, slots=True, eq=False)
class PlannedAnalysis:
    """One analysis of a plan, looked up once. `study.planned(name)` returns it.

    study     : the plan, for labels and for what all analyses share
    name      : of the analysis
    analysis  : its part of the plan: model, terms, role
    estimand  : what it estimates
    outcome   : the outcome of the estimand's endpoint
    scale     : range, unit and direction of the outcome
    important : the difference that patients call important, in units of the outcome; None where none is named
    """

    study: Study = field(repr=False)
    name: str
    analysis: Analysis = field(repr=False)
    estimand: Estimand = field(repr=False)
    outcome: Outcome = field(repr=False)
    scale: OutcomeScale = field(repr=False)
    important: Important | None = field(repr=False)

    @property
    def estimand_name(self) -> str:
        """Name of the estimand."""
        return self.analysis.estimand

    @property
    def endpoint(self) -> Endpoint:
        """Outcome, measure and visits of the estimand."""
        return self.estimand.endpoint

    @property
    def outcome_name(self) -> str:
        """Name of the outcome."""
        return self.endpoint.outcome

    @property
    def response(self) -> str:
        """Column of an analysis data set that is analysed: value, change, percent_change or responder."""
        return self.endpoint.measure

    @property
    def visits(self) -> tuple[str, ...]:
        """Visits at which the estimand compares the arms."""
        return self.endpoint.visit

    @property
    def model_visits(self) -> tuple[str, ...]:
        """Visits that the model is fitted to, by planned day."""
        return self.study.model_visits(self.name)

    @property
    def compare(self) -> tuple[str, ...]:
        """Arms that are compared with the comparator."""
        return self.estimand.treatment.compare

    @property
    def against(self) -> str:
        """Arm that the others are compared with."""
        return self.estimand.treatment.against

    @property
    def arms(self) -> tuple[str, ...]:
        """Arms of the comparison, the comparator last."""
        return (*self.compare, self.against)

    @property
    def is_primary(self) -> bool:
        """Whether it is a primary analysis."""
        return self.analysis.role == "primary"

    @property
    def of_responders(self) -> bool:
        """Whether proportions of responders are compared, not means."""
        return self.response == "responder"

    @property
    def decimals(self) -> int:
        """Decimals of its means and differences."""
        return PERCENT_DECIMALS if self.response == "percent_change" else self.scale.decimals

    @property
    def unit(self) -> str:
        """Unit of its differences: of the outcome, or percentage points."""
        return PERCENTAGE_POINTS if self.response in ("percent_change", "responder") else self.scale.unit

    @property
    def higher_is_better(self) -> bool:
        """Direction of its differences; more responders are always better."""
        return self.of_responders or self.scale.higher_is_better

    @property
    def direction(self) -> str:
        """Direction in words."""
        return "more is better" if self.of_responders else self.scale.direction

    @property
    def label(self) -> str:
        """What the analysis is called in a report."""
        return label_of(self.name, self.analysis)

    @property
    def title(self) -> str:
        """Label with the role, where the label does not say it: "ANCOVA (sensitivity)"."""
        role = self.analysis.role
        return self.label if role in self.label.lower() else f"{self.label} ({role})"

    @property
    def outcome_label(self) -> str:
        """What the outcome is called in a report."""
        return label_of(self.outcome_name, self.outcome)

    @property
    def variable(self) -> str:
        """What is measured, without its visits: "change from baseline in HOOS pain"."""
        return MEASURE_WORDS[self.response].format(outcome=self.outcome_label)

    def rows(self, frame: pd.DataFrame, *terms: str) -> pd.DataFrame:
        """Return the rows of estimates that belong to this analysis, of some terms or of all, in their order."""
        mine = frame["analysis"] == self.name
        return frame[mine & frame["term"].isin(terms)] if terms else frame[mine]

    def asked(self, frame: pd.DataFrame, *terms: str, over_visits: bool = False) -> pd.DataFrame:
        """Return the rows of estimates that the estimand asks for: of this analysis, at the visits that it names.

        Parameters
        ----------
        frame
            Rows of estimates.
        *terms
            Kinds of rows, for example `difference`; all unless given.
        over_visits
            Whether rows over the whole course, with an empty `visit`, are asked for too.
        """
        rows = self.rows(frame, *terms)
        return rows[rows["visit"].isin((*self.visits, "") if over_visits else self.visits)]


def planned_analysis(study: Study, name: str) -> PlannedAnalysis:
    """Return an analysis of a plan with what the plan says about it; `study.planned(name)` keeps it."""
    analysis = study.analyses[name]
    estimand = study.estimands[analysis.estimand]
    outcome = study.outcomes[estimand.endpoint.outcome]
    important = important_difference(estimand.endpoint, outcome, study.report.thresholds)
    return PlannedAnalysis(study, name, analysis, estimand, outcome, outcome_scale(outcome), important)
