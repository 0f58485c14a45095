"""From a report to the document that is rendered: which sections there are, and in what order."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from coxa.report.document import Document, Part, Section
from coxa.report.record import ReportRecord, compares
from coxa.report.topics.analyses.estimands import estimands_section
from coxa.report.topics.analyses.main_results import main_results_section
from coxa.report.topics.analyses.section import analyses_section
from coxa.report.topics.answer.people import main_response, people_section
from coxa.report.topics.answer.section import answer_section
from coxa.report.topics.checklists.section import with_checklists
from coxa.report.topics.committee.groups import Arms
from coxa.report.topics.committee.section import committee_sections
from coxa.report.topics.data.run import run_section
from coxa.report.topics.data.section import data_section
from coxa.report.topics.delivery.section import delivery_section
from coxa.report.topics.diagnostics.section import diagnostics_section
from coxa.report.topics.harms.section import harms_detail_section, harms_section
from coxa.report.topics.methods.section import methods_section, references_section
from coxa.report.topics.observed.section import observed_section
from coxa.report.topics.participants.section import analysed_section, participants_section
from coxa.report.topics.protocol.section import protocol_section
from coxa.report.topics.responders.section import responders_section
from coxa.report.topics.service.section import service_sections
from coxa.report.topics.trial_design.section import DESIGNS, trial_design_section
from coxa.report.trace.explained import explained
from coxa.report.transform.sharing import shared
from coxa.report.transform.sharing.rounding import as_printed
from coxa.report.transform.sharing.words import without_rare_words
from coxa.report.transform.styled import in_style
from coxa.study import Study
from coxa.study.words import StyleName


def build_document(
    report: ReportRecord[Study], style: StyleName | None = None, share: bool = False, committee: Arms | None = None
) -> Document:
    """Return the document of a report: no time, no path and no participant is in it.

    Parameters
    ----------
    report
        A plan, its data and its results.
    style
        How numbers are written, where it is not as the plan says.
    share
        Whether small counts are hidden, and figures of single participants left out (`coxa.report.transform.sharing`).
    committee
        How a monitoring committee sees the arms: "pooled", or "masked" under letters; None for any other reader.

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
    if committee is None:
        behind = {} if share else explained(report)
        document = Document(study.title, DESIGNS[study.design], tuple(facts), sections(report), behind=behind)
    else:
        subtitle = f"Report to the monitoring committee, {study.words.arms} {committee}"
        document = Document(study.title, subtitle, tuple(facts), committee_sections(report, committee))
    if share:
        document = shared(document, report)
    if committee is None:
        document = with_checklists(document, study)
    styled = in_style(document, style or study.report.style)
    return as_printed(styled) if share else styled


def sections(report: ReportRecord[Study]) -> tuple[Section, ...]:
    """Return the sections of a report in the order of its parts: answer, main, people, supplement, annex.

    Returns
    -------
    tuple of Section
        Of a study that compares arms or groups: the answer; methods, participants, results, harms and references; the
        result in people; design, estimands, who was analysed, delivery, observed outcomes, responders, each analysis,
        model diagnostics, rates and terms of harms; protocol and deviations, data, run record. Of a service: study
        design, participants, completeness, observed outcomes; protocol and deviations where the plan was locked, data,
        run record.
    """
    records = (data_section(report), run_section(report))
    if not compares(report):
        locked = (protocol_section(report),) if report.status.lock else ()
        main = (trial_design_section(report), *service_sections(report))
        return (*main, *_in("annex", *locked, *records))
    response = main_response(report)
    return (
        answer_section(report),
        methods_section(report),
        participants_section(report),
        main_results_section(report),
        harms_section(report),
        references_section(report),
        *([people_section(report, response)] if response else []),
        *_in(
            "supplement",
            trial_design_section(report),
            estimands_section(report),
            analysed_section(report),
            delivery_section(report),
            observed_section(report),
            responders_section(report),
            analyses_section(report),
            diagnostics_section(report),
            harms_detail_section(report),
        ),
        *_in("annex", protocol_section(report), *records),
    )


def _in(part: Part, *sections: Section | None) -> Iterator[Section]:
    """Yield those sections that there are, as parts of a kind."""
    return (replace(section, part=part) for section in sections if section)
