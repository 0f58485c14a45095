"""The adjusted means of an analysis over the visits, drawn."""

from __future__ import annotations

from coxa.figures.figure import Figure
from coxa.figures.means import model_means
from coxa.figures.profile import plot_profile
from coxa.figures.theme import MOST_ARMS
from coxa.report.record import ReportRecord
from coxa.report.topics.analyses.footnotes import mean_words
from coxa.study.comparative import PlannedAnalysis
from coxa.tables.table import identifier

MEASURES = {"value": "", "change": " change from baseline", "percent_change": " percent change from baseline"}


def has_profile(report: ReportRecord, planned: PlannedAnalysis) -> bool:
    """Return whether an analysis has adjusted means at more than one visit."""
    return planned.of_means and planned.rows(report.estimates.frame, "marginal_mean")["visit"].nunique() > 1


def profile_leads(report: ReportRecord, planned: PlannedAnalysis) -> bool:
    """Return whether page one has the adjusted means of an analysis: where one frame can show all arms."""
    return has_profile(report, planned) and len(report.study.groups) <= MOST_ARMS


def analysis_profile(report: ReportRecord, planned: PlannedAnalysis) -> Figure:
    """Return the adjusted means of an analysis by visit and arm, with their intervals."""
    study = report.study
    quantity = mean_words(planned, report.fits.get(planned.name)) + MEASURES[planned.response]
    return plot_profile(
        study,
        model_means(planned, report.estimates),
        planned.outcome_name,
        quantity=quantity,
        unit=planned.unit,
        of_model=True,
        figure_id=identifier("profile", planned.name),
        title=f"{planned.outcome_label}: {quantity.lower()} by visit and {study.words.arm}, with confidence interval",
    )
