"""The tests of an analysis against its margin as a forest, with the margin as a line."""

from __future__ import annotations

from coxa.estimates import Estimates
from coxa.figures.figure import Figure
from coxa.report.topics.analyses.forest import plot_forest
from coxa.report.topics.analyses.sentences import MARGIN_WORDS
from coxa.study.comparative import PlannedAnalysis
from coxa.study.margin import bounds_of, margin_words
from coxa.tables.table import identifier


def margin_forest(planned: PlannedAnalysis, estimates: Estimates) -> Figure | None:
    """Return comparisons with the limits of their tests and the margin as a line; None where there is no such test."""
    margin = planned.analysis.margin
    if margin is None:
        return None
    rows = planned.rows(estimates.frame, margin.type)
    if rows.empty:
        return None
    claim = f"{MARGIN_WORDS[margin.type].lower()} against a margin of {margin_words(planned)}"
    level = f"{100 * rows['conf_level'].iloc[0]:g}%"
    return plot_forest(
        planned,
        rows,
        figure_id=identifier("margin", planned.name),
        title=f"{planned.outcome_label}: {claim}, {level} intervals",
        bounds=bounds_of(planned),
    )
