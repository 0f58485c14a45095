"""Who responded: by arm at each visit, and at every cut."""

from __future__ import annotations

from coxa.figures.responder_curve import plot_responder_curve
from coxa.report.document import Block, FigureBlock, Section, TableBlock
from coxa.report.record import Report
from coxa.tables.responders import responders_by_visit, responses
from coxa.tables.table import identifier


def responders_section(report: Report) -> Section | None:
    """Return, for each outcome with a cut, responders by visit for each cut and one curve; None without any."""
    study = report.study
    found = responses(study, report.datasets)
    parts = []
    for outcome in dict.fromkeys(response.outcome for response in found):
        mine = [response for response in found if response.outcome == outcome]
        visit = study.estimands[mine[0].dataset.estimand].endpoint.visit[-1]
        label = study.label("outcomes", outcome)
        curve = plot_responder_curve(
            study,
            mine[0],
            visit,
            [response.rule for response in mine],
            figure_id=identifier("responder-curve", outcome),
            title=f"{label}: share of participants by improvement reached, {study.label('visits', visit)}",
        )
        tables: list[Block] = [TableBlock(responders_by_visit(study, response)) for response in mine]
        parts.append(Section(identifier("responders", outcome), label, (tables[0], FigureBlock(curve), *tables[1:])))
    return Section("responders", "Responders", (), tuple(parts)) if parts else None
