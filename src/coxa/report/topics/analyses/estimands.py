"""What is estimated: the attributes of each estimand."""

from __future__ import annotations

from coxa.report.document import Card, Section, silent
from coxa.report.record import ReportRecord
from coxa.study.wording import estimand_attributes


def estimands_section(report: ReportRecord) -> Section:
    """Return a card per estimand: its five attributes after ICH E9(R1)."""
    study = report.study
    cards = (Card(study.label("estimands", name), tuple(estimand_attributes(study, name))) for name in study.estimands)
    intro = silent("The five attributes (ICH E9(R1)) of each estimand in the plan.")
    return Section("estimands", "Estimands", (intro, *cards))
