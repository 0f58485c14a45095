"""A report in a few lines, for a terminal."""

from __future__ import annotations

from coxa.cards import Card, counted
from coxa.report.record import ReportRecord, compares
from coxa.report.topics.analyses.sentences import result_sentences, verdict_sentences
from coxa.study import Study
from coxa.study.comparative import ComparativeStudy
from coxa.tables.formats import NO_BREAK


def report_text(report: ReportRecord[Study]) -> str:
    """Return study, number of participants, analyses, and the result of each primary analysis, one line each.

    Examples
    --------
    >>> print(report_text(report))  # doctest: +SKIP
    Report of hip-oa-trial: Exercise and manual therapy for hip osteoarthritis
    189 participants, 9 analyses, 312 estimates; 3 findings
    MMRM: Exercise therapy against Usual care at Week 12: difference in means 5.7 points (95% CI ...
    """
    study = report.study
    people = len(report.cohort.table("participants"))
    heading = f"Report of {study.study}: {study.title}"
    if not compares(report) or not isinstance(study, ComparativeStudy):
        counts = [counted(people, "participant"), counted(len(report.findings), "finding")]
        return f"{heading}\n{'; '.join(counts)}"
    counts = [
        counted(people, "participant"),
        counted(len(study.analyses), "analysis", "analyses"),
        counted(len(report.estimates), "estimate"),
        counted(len(report.findings), "finding"),
    ]
    results = [
        f"{planned.label}: {text}".replace(NO_BREAK, " ")
        for planned in study.primary_analyses
        for text in (*verdict_sentences(report, planned), *result_sentences(report, planned))
    ]
    return "\n".join([heading, ", ".join(counts), *results])


def report_card(report: ReportRecord[Study]) -> Card:
    """Return what a report shows of itself in a notebook."""
    title, counts, *results = report_text(report).splitlines()
    facts = {"Contents": counts, "Primary": "\n".join(results), "Plan": report.status.as_text()}
    note = "`tables` and `figures` list what it shows, `write(folder)` writes it"
    return Card(title, {name: said for name, said in facts.items() if said}, note=note)
