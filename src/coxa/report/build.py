"""From a report to the document that is rendered: which sections there are, and in what order."""

from __future__ import annotations

from coxa.report.document import Document, Section
from coxa.report.record import ReportRecord, compares
from coxa.report.topics.analyses.estimands import estimands_section
from coxa.report.topics.analyses.section import analyses_section
from coxa.report.topics.analyses.summary import summary_section
from coxa.report.topics.checklists.section import with_checklists
from coxa.report.topics.data.run import run_section
from coxa.report.topics.data.section import data_section
from coxa.report.topics.delivery.section import delivery_section
from coxa.report.topics.diagnostics.section import diagnostics_section
from coxa.report.topics.harms.section import harms_section
from coxa.report.topics.methods.section import methods_section
from coxa.report.topics.observed.section import observed_section
from coxa.report.topics.participants.section import participants_section
from coxa.report.topics.protocol.section import protocol_section
from coxa.report.topics.responders.section import responders_section
from coxa.report.topics.service.section import service_sections
from coxa.report.topics.trial_design.section import DESIGNS, trial_design_section
from coxa.report.transform.sharing import shared
from coxa.report.transform.sharing.rounding import as_printed
from coxa.report.transform.sharing.words import without_rare_words
from coxa.report.transform.styled import in_style
from coxa.study import Study
from coxa.study.words import StyleName


def build_document(report: ReportRecord[Study], style: StyleName | None = None, share: bool = False) -> Document:
    """Return the document of a report: no time, no path and no participant is in it.

    Parameters
    ----------
    report
        A plan, its data and its results.
    style
        How numbers are written, where it is not as the plan says.
    share
        Whether small counts are hidden, and figures of single participants left out (`coxa.report.transform.sharing`).

    Returns
    -------
    Document
        The sections of its kind of study (`sections`), and last the checklists, which say where the others answer them.
    """
    if share:
        report = without_rare_words(report)
    study = report.study
    facts = [("Study", study.study)]
    if study.registration:
        facts.append(("Registration", study.registration))
    if study.data_cut:
        facts.append(("Data cut", study.data_cut.isoformat()))
    document = Document(
        study.title,
        DESIGNS[study.design],
        tuple(facts),
        sections(report),
    )
    if share:
        document = shared(document, report)
    styled = in_style(with_checklists(document, study), style or study.report.style)
    return as_printed(styled) if share else styled


def sections(report: ReportRecord[Study]) -> tuple[Section, ...]:
    """Return the sections of a report.

    Returns
    -------
    tuple of Section
        Of a study that compares arms or groups: summary, trial design, estimands, participants, delivery, observed
        outcomes, responders, analyses, model diagnostics, harms, methods, protocol and deviations, data, run record.
        Of a service: study design, participants, completeness, observed outcomes, protocol and deviations where the
        plan was locked, data, run record.
    """
    ending = (data_section(report), run_section(report))
    if not compares(report):
        locked = (protocol_section(report),) if report.status.lock else ()
        return (trial_design_section(report), *service_sections(report), *locked, *ending)
    return (
        summary_section(report),
        trial_design_section(report),
        estimands_section(report),
        participants_section(report),
        delivery_section(report),
        observed_section(report),
        *([responded] if (responded := responders_section(report)) else []),
        analyses_section(report),
        *([checked] if (checked := diagnostics_section(report)) else []),
        harms_section(report),
        methods_section(report),
        protocol_section(report),
        *ending,
    )
