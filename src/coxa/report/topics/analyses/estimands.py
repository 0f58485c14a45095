"""What is estimated: the attributes of each estimand."""

from __future__ import annotations

from collections.abc import Iterator

from coxa.analyses.methods import method_of
from coxa.report.document import Card, Section, silent
from coxa.report.record import ReportRecord
from coxa.study.comparative import ComparativeStudy
from coxa.study.wording import estimand_attributes


def estimands_section(report: ReportRecord) -> Section:
    """Return a card per estimand: its five attributes after ICH E9(R1)."""
    study = report.study
    cards = (
        Card(study.label("estimands", name), (*estimand_attributes(study, name), *missing_attributes(study, name)))
        for name in study.estimands
    )
    intro = silent("The five attributes (ICH E9(R1)) of each estimand in the plan.")
    return Section("estimands", "Estimands", (intro, *cards))


def missing_attributes(study: ComparativeStudy, estimand: str) -> Iterator[tuple[str, str]]:
    """Yield what each analysis of an estimand assumes of missing outcomes, where its kind of model says it."""
    said = {one.label: method_of(one.analysis).assumption(one) for one in study.analyses_of(estimand)}
    assumed = [f"{label}: {text}" for label, text in said.items() if text]
    if assumed:
        yield "Missing outcomes", " ".join(assumed)
