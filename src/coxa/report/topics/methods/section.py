"""How it was done, from what actually ran."""

from __future__ import annotations

from coxa.report.document import Paragraph, Section
from coxa.report.record import ReportRecord
from coxa.report.references.cited import marks
from coxa.report.topics.methods.alike import methods_in_words, population_of_all
from coxa.report.topics.methods.analyses import general_methods, references, software
from coxa.report.topics.methods.described import described_methods
from coxa.report.topics.trial_design.randomised import randomisation_methods


def methods_section(report: ReportRecord) -> Section:
    """Return paragraphs on all analyses, on randomisation and population, one per analysis, and on the software."""
    study = report.study
    allocated = (
        (Paragraph(randomisation_methods(study, marks(study, report.fits, study.allocation.scheme))),)
        if study.allocation
        else ()
    )
    population = population_of_all(report)
    each = tuple(map(Paragraph, methods_in_words(report)))
    shared = () if population is None else (Paragraph(population),)
    described = tuple(map(Paragraph, described_methods(report)))
    blocks = (Paragraph(general_methods(report)), *allocated, *shared, *each, *described, Paragraph(software(report)))
    return Section("methods", "Statistical methods", blocks)


def references_section(report: ReportRecord) -> Section:
    """Return the references of the methods, under the numbers by which they are cited."""
    numbered = (Paragraph(f"[{number}] {text}") for number, text in enumerate(references(report), start=1))
    return Section("references", "References", tuple(numbered))
