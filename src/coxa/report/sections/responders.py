"""Who responded: by arm at each visit, and at every cut."""

from __future__ import annotations

from textwrap import shorten

from coxa.figures.responder_curve import plot_responder_curve
from coxa.report.document import Block, FigureBlock, Section, TableBlock
from coxa.report.record import Report
from coxa.tables.responders import Response, responders_by_visit, responses
from coxa.tables.table import identifier

SOURCE = 120
"""Letters of a source in a caption; the table has all of it."""


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
            title=_title(report, mine[0], visit),
        )
        tables: list[Block] = [TableBlock(responders_by_visit(study, response)) for response in mine]
        parts.append(Section(identifier("responders", outcome), label, (tables[0], FigureBlock(curve), *tables[1:])))
    return Section("responders", "Responders", (), tuple(parts)) if parts else None


def _title(report: Report, response: Response, visit: str) -> str:
    """Return the caption of a curve: what is drawn, and where the cut on it is from."""
    study, rule = report.study, response.rule
    label, at = study.label("outcomes", response.outcome), study.label("visits", visit)
    source = f" ({shorten(rule.source, SOURCE, placeholder=' ...')})" if rule.source else ""
    return f"{label}: share of participants who reach each cut, {at}; dashed: {rule.at_least:g}{source}"
