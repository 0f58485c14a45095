"""Who took part: from allocation to analysis, at baseline, and what is missing."""

from __future__ import annotations

from coxa.figures.missingness import plot_missingness
from coxa.report.document import FigureBlock, Section, TableBlock
from coxa.report.record import Report
from coxa.report.sections.observed import first_estimands
from coxa.tables.baseline import baseline_table
from coxa.tables.flow import participants_table
from coxa.tables.table import identifier


def participants_section(report: Report) -> Section:
    """Return the flow of participants, the baseline table and the missing responses of each outcome."""
    study = report.study
    flow = Section(
        "flow", "From allocation to analysis", (TableBlock(participants_table(report.cohort, report.datasets)),)
    )
    baseline = Section("at-baseline", "Baseline", (TableBlock(baseline_table(report.cohort)),))
    figures = tuple(
        FigureBlock(
            plot_missingness(
                study,
                report.datasets[estimand],
                figure_id=identifier("missing", outcome),
                title=f"{study.label('outcomes', outcome)}: missing values of the estimand "
                f"\N{LEFT DOUBLE QUOTATION MARK}{study.label('estimands', estimand)}\N{RIGHT DOUBLE QUOTATION MARK}",
            )
        )
        for outcome, estimand in first_estimands(report).items()
    )
    missing = Section("missing-values", "Missing values", figures)
    return Section("participants-section", "Participants", (), (flow, baseline, missing))
