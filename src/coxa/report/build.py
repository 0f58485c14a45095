"""From a report to the document that is rendered: which sections there are, and in what order."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from coxa.report.document import Document, Part, Section
from coxa.report.record import ReportRecord, compares
from coxa.report.topics.analyses.estimands import estimands_section
from coxa.report.topics.analyses.main_results import main_results_section
from coxa.report.topics.analyses.section import analyses_section
from coxa.report.topics.answer.people import main_response, people_section
from coxa.report.topics.answer.section import answer_section
from coxa.report.topics.assessments.section import assessments_section
from coxa.report.topics.case_mix.section import case_mix_section
from coxa.report.topics.checklists.section import with_checklists
from coxa.report.topics.committee.groups import Arms
from coxa.report.topics.committee.section import committee_sections
from coxa.report.topics.data.run import run_section
from coxa.report.topics.data.section import data_section
from coxa.report.topics.delivery.section import delivery_section
from coxa.report.topics.diagnostics.section import diagnostics_section
from coxa.report.topics.diary.section import diary_section
from coxa.report.topics.evidence.section import evidence_section
from coxa.report.topics.goals.section import goals_section
from coxa.report.topics.harms.section import harms_detail_section, harms_section
from coxa.report.topics.hypotheses.section import hypotheses_section
from coxa.report.topics.measurement.section import measurement_section
from coxa.report.topics.methods.section import methods_section, references_section
from coxa.report.topics.observed.section import observed_section
from coxa.report.topics.participants.section import analysed_section, participants_section
from coxa.report.topics.protocol.section import protocol_section
from coxa.report.topics.red_flags.section import red_flags_section
from coxa.report.topics.responders.section import responders_section
from coxa.report.topics.return_to_sport.section import return_to_sport_section
from coxa.report.topics.service.section import service_sections
from coxa.report.topics.target_trial.section import target_trial_section
from coxa.report.topics.training.section import training_section
from coxa.report.topics.transport.section import transport_section
from coxa.report.topics.trial_design.section import DESIGNS, trial_design_section
from coxa.report.trace.explained import explained
from coxa.report.transform.sharing import shared
from coxa.report.transform.sharing.rounding import as_printed
from coxa.report.transform.sharing.words import without_rare_words
from coxa.report.transform.styled import in_style
from coxa.study import Study
from coxa.study.words import StyleName

Builder = Callable[[ReportRecord[Any]], Section | None]
"""From a report to one of its sections; None where it has nothing to say."""

MAIN: tuple[Builder, ...] = (
    answer_section,
    methods_section,
    participants_section,
    main_results_section,
    target_trial_section,
    transport_section,
    hypotheses_section,
    evidence_section,
    harms_section,
    references_section,
)
SUPPLEMENT: tuple[Builder, ...] = (
    trial_design_section,
    estimands_section,
    analysed_section,
    case_mix_section,
    delivery_section,
    diary_section,
    training_section,
    observed_section,
    assessments_section,
    goals_section,
    responders_section,
    measurement_section,
    analyses_section,
    diagnostics_section,
    harms_detail_section,
    red_flags_section,
    return_to_sport_section,
)
PLAIN: StyleName = "plain"
"""The style that sections are built in."""


def build_document(
    report: ReportRecord[Study],
    style: StyleName | None = None,
    share: bool = False,
    committee: Arms | None = None,
    built: Callable[[Section], None] | None = None,
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
    built
        Called with each section when it is built, unless sharing or a style would change it later: its charts can be
        drawn while the other sections are built.

    Returns
    -------
    Document
        The sections of its kind of study (`sections`), and last the checklists, which say where the others answer them.
    """
    if share:
        report = without_rare_words(report)
    study = report.study
    named = style or study.report.style
    facts = [("Study", study.study)]
    if study.registration:
        facts.append(("Registration", study.registration))
    if study.data_cut:
        facts.append(("Data cut", study.data_cut.isoformat()))
    if committee is None:
        behind = {} if share else explained(report)
        ready = built if not share and named == PLAIN else None
        parts = tuple(_one_by_one(sections(report), ready))
        document = Document(study.title, DESIGNS[study.design], tuple(facts), parts, behind=behind)
    else:
        subtitle = f"Report to the monitoring committee, {study.words.arms} {committee}"
        document = Document(study.title, subtitle, tuple(facts), committee_sections(report, committee))
    if share:
        document = shared(document, report)
    if committee is None:
        document = with_checklists(document, study)
    styled = in_style(document, named)
    return as_printed(styled) if share else styled


def sections(report: ReportRecord[Study]) -> Iterator[Section]:
    """Yield the sections of a report in the order of its parts: answer, main, people, supplement, annex.

    Yields
    ------
    Section
        Of a study that compares arms or groups: the answer; methods, participants, results, harms and references; the
        result in people; design, estimands, who was analysed, delivery, observed outcomes, responders, each analysis,
        model diagnostics, rates and terms of harms, and the topics with data, as case mix; protocol and deviations,
        data, run record. Of a service: study design, participants, completeness, observed outcomes, topics; protocol
        and deviations where the plan was locked, data, run record.
    """
    if not compares(report):
        yield trial_design_section(report)
        yield from service_sections(report)
        yield from _in("main", report, diary_section, training_section)
        yield from _in("annex", report, *([protocol_section] if report.status.lock else []), data_section, run_section)
        return
    yield from _in("main", report, *MAIN)
    if response := main_response(report):
        yield people_section(report, response)
    yield from _in("supplement", report, *SUPPLEMENT)
    yield from _in("annex", report, protocol_section, data_section, run_section)


def _in(part: Part, report: ReportRecord[Study], *builders: Builder) -> Iterator[Section]:
    """Yield those sections that there are, as parts of a kind unless they are of another."""
    for build in builders:
        if section := build(report):
            yield section if part == "main" else replace(section, part=part)


def _one_by_one(sections: Iterator[Section], ready: Callable[[Section], None] | None) -> Iterator[Section]:
    for section in sections:
        if ready:
            ready(section)
        yield section
