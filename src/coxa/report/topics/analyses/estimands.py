"""What is estimated: the attributes of each estimand, and what was found for it."""

from __future__ import annotations

from coxa.report.document import Card, Section, silent
from coxa.report.record import ReportRecord
from coxa.report.topics.analyses.sentences import result_sentences
from coxa.study.wording import estimand_attributes
from coxa.tables.prose import prose


def estimands_section(report: ReportRecord) -> Section:
    """Return a card per estimand: its five attributes after ICH E9(R1), and the results of its analyses."""
    study = report.study
    cards = []
    for name in study.estimands:
        results = [
            prose(f"{planned.title}: ", text)
            for planned in study.planned_analyses
            if planned.estimand_name == name
            for text in result_sentences(report, planned)
        ]
        facts = tuple(estimand_attributes(study, name))
        cards.append(Card(study.label("estimands", name), facts, tuple(results)))
    intro = silent("Each estimand by the five attributes of ICH E9(R1), as the plan states them.")
    return Section("estimands", "Estimands", (intro, *cards))
