"""Who took part: from allocation to analysis, at baseline, and what is missing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from coxa.figures.missingness import missing_counts, plot_missingness
from coxa.figures.participant_flow.draw import plot_flow
from coxa.report.document import FigureBlock, Section, TableBlock
from coxa.report.record import Report
from coxa.study.wording import primary_estimand
from coxa.tables.baseline import baseline_table
from coxa.tables.flow import participants_table
from coxa.tables.participant_flow.build import participant_flow
from coxa.tables.participant_flow.table import flow_table
from coxa.tables.table import identifier


def participants_section(report: Report) -> Section:
    """Return the flow of participants, the baseline table and the missing responses of each outcome."""
    counted = participant_flow(report.cohort, report.datasets[primary_estimand(report.study)])
    shown = (
        FigureBlock(plot_flow(counted)),
        TableBlock(flow_table(counted)),
        TableBlock(participants_table(report.cohort, report.datasets)),
    )
    flow = Section("flow", "From assessment to analysis", shown)
    baseline = Section("at-baseline", "Baseline", (TableBlock(baseline_table(report.cohort)),))
    missing = Section("missing-values", "Missing values", tuple(_missing(report)))
    return Section("participants-section", "Participants", (), (flow, baseline, missing))


def _missing(report: Report) -> Iterator[FigureBlock]:
    """Yield a figure per outcome and pattern of missing values; estimands with the same pattern share one."""
    study = report.study
    shared: dict[tuple[str, str], list[str]] = {}
    for name, dataset in report.datasets.items():
        outcome = study.estimands[name].endpoint.outcome
        counts = missing_counts(study, dataset).to_csv(index=False)
        shared.setdefault((outcome, counts), []).append(name)
    of_outcome = Counter(outcome for outcome, _ in shared)
    for (outcome, _), names in sorted(shared.items(), key=lambda item: list(of_outcome).index(item[0][0])):
        title = f"{study.label('outcomes', outcome)}: missing values by visit and arm"
        if of_outcome[outcome] > 1:
            labels = "; ".join(study.label("estimands", name) for name in names)
            title += f" (estimand{'s' if len(names) > 1 else ''}: {labels})"
        figure_id = identifier("missing", outcome, *(names[:1] if of_outcome[outcome] > 1 else ()))
        yield FigureBlock(plot_missingness(study, report.datasets[names[0]], figure_id=figure_id, title=title))
