"""Who responded: by arm at each visit, and at every cut."""

from __future__ import annotations

from collections.abc import Iterator
from textwrap import shorten

from coxa.report.document import Block, FigureBlock, Section, TableBlock
from coxa.report.record import ReportRecord
from coxa.report.topics.observed.section import YES_OR_NO
from coxa.report.topics.responders.curve import plot_responder_curve, responder_curve
from coxa.report.topics.responders.tables import Response, responders_by_visit, responses
from coxa.tables.table import identifier

SOURCE = 120
"""Letters of a source in a caption; the table has all of it."""


def responders_section(report: ReportRecord) -> Section | None:
    """Return, for each outcome with a cut, responders by visit for each cut, and one curve; None without any."""
    study = report.study
    found = responses(study, report.datasets, report.observed)
    parts = []
    for outcome in dict.fromkeys(response.outcome for response in found):
        mine = [response for response in found if response.outcome == outcome]
        visit = max(mine[0].endpoint, key=lambda name: study.visits[name].day)
        tables: list[Block] = [TableBlock(responders_by_visit(study, response)) for response in mine]
        blocks = (tables[0], *_curve(report, mine, visit), *tables[1:])
        parts.append(Section(identifier("responders", outcome), study.label("outcomes", outcome), blocks))
    return Section("responders", "Responders", (), tuple(parts)) if parts else None


def _curve(report: ReportRecord, responses_of: list[Response], visit: str) -> Iterator[Block]:
    """Yield the curve of an outcome; a yes or no has none."""
    study, first = report.study, responses_of[0]
    if responder_curve(study, first, visit)["cut"].nunique() > YES_OR_NO:
        rules = [response.rule for response in responses_of]
        figure_id, title = identifier("responder-curve", first.outcome), _title(report, first, visit)
        yield FigureBlock(plot_responder_curve(study, first, visit, rules, figure_id=figure_id, title=title))


def _title(report: ReportRecord, response: Response, visit: str) -> str:
    """Return the caption of a curve: what is drawn, and where the cut on it is from."""
    study, rule = report.study, response.rule
    label, at = study.label("outcomes", response.outcome), study.label("visits", visit)
    source = f" ({shorten(rule.source, SOURCE, placeholder=' ...')})" if rule.source else ""
    scale = study.scale(response.outcome)
    unit = "%" if rule.measure == "percent_change" else f" {scale.unit}"
    return f"{label}: share of participants who reach each threshold, {at}; dashed: {rule.at_least:g}{unit}{source}"
