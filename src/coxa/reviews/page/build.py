"""From a review to the document that is rendered."""

from __future__ import annotations

from dataclasses import replace

from coxa.meta.review.run import Review
from coxa.report.document import Document, Paragraph, Section, TableBlock
from coxa.report.references.bibliography import entry
from coxa.report.references.styles import vancouver
from coxa.report.topics.checklists.answer import fill
from coxa.report.topics.checklists.definition import load_guideline
from coxa.report.topics.checklists.table import checklist_table
from coxa.report.transform.styled import in_style
from coxa.reviews.page.answer import answer_section
from coxa.reviews.page.certainty import certainty_section
from coxa.reviews.page.next_trial import next_trial_section
from coxa.reviews.page.sections import (
    heterogeneity_section,
    methods_section,
    sensitivity_section,
    small_trials_section,
    trials_section,
)

SUBTITLE = "Meta-analysis"


def build_review(review: Review) -> Document:
    """Return the report of a meta-analysis.

    Parameters
    ----------
    review
        From `coxa.meta.pool_studies`.

    Returns
    -------
    Document
        The answer with the forest plot; trials, heterogeneity, certainty; as a supplement other ways to pool, small
        trials, the next trial and methods; as a record the PRISMA checklist.

    Examples
    --------
    >>> build_review(review).subtitle  # doctest: +SKIP
    'Meta-analysis'
    """
    sections = (
        answer_section(review),
        trials_section(review),
        heterogeneity_section(review),
        certainty_section(review),
        sensitivity_section(review),
        small_trials_section(review),
        next_trial_section(review),
        methods_section(review),
    )
    facts = (("Review", review.plan.pool), ("Outcome", review.plan.outcome.label))
    kept = tuple(section for section in sections if section is not None)
    document = Document(review.plan.title, SUBTITLE, facts, kept)
    return in_style(_with_checklist(document, review), review.plan.style)


def _with_checklist(document: Document, review: Review) -> Document:
    guideline = load_guideline("prisma-2020")
    table = checklist_table(fill(guideline, review.plan, document))
    said = (
        f"{guideline.label}: {guideline.about}. {vancouver(entry(guideline.reference))} Filled in from the plan and "
        "from "
        "this report; what neither has is a gap for the authors."
    )
    section = Section("checklist", "Reporting checklist", (Paragraph(said), TableBlock(table)), part="annex")
    return replace(document, sections=(*document.sections, section))
