"""Page one: the question, the answer, whether it matters, in whom, how sure, over time, and harms."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from textwrap import shorten

from coxa.analyses.clusters import few_cluster_warnings
from coxa.report.document import Block, Card, FigureBlock, Paragraph, Section, TableBlock
from coxa.report.record import ReportRecord
from coxa.report.topics.analyses.arms_table import results_table
from coxa.report.topics.analyses.compared import endpoint_forest, side_by_side
from coxa.report.topics.analyses.footnotes import at_risk_words
from coxa.report.topics.analyses.kinds import lead_figure
from coxa.report.topics.analyses.kinds.n_of_1 import between_people
from coxa.report.topics.analyses.modelled import modelled
from coxa.report.topics.analyses.profile import analysis_profile, has_profile, profile_leads
from coxa.report.topics.analyses.results import comparison_label
from coxa.report.topics.analyses.sensitivity import agreement_sentences
from coxa.report.topics.analyses.sentences import (
    MOST_SENTENCES,
    factorial_sentences,
    important_sentence,
    not_fitted_words,
    parts_not_fitted_words,
    question,
    result_sentences,
    summed_up,
    verdict_sentences,
)
from coxa.report.topics.analyses.variances import warning_words
from coxa.report.topics.analyses.written import clear, no_difference_words, written
from coxa.report.topics.answer.people import IN_PEOPLE, events_sentence, main_response, people_sentence
from coxa.report.topics.harms.section import harms_sentence
from coxa.report.topics.methods.analyses import failed_attempts
from coxa.report.topics.observed.table import arm_sizes
from coxa.report.topics.participants.flow.build import cluster_column
from coxa.report.topics.participants.section import baseline_cautions
from coxa.report.topics.protocol.section import UNLOCKED, deviation_notes
from coxa.report.topics.target_trial.section import comparability_cautions
from coxa.sentences import mid_sentence
from coxa.study.comparative import ComparativeStudy, PlannedAnalysis
from coxa.study.target_trial import emulated
from coxa.study.words import OVER_TIME
from coxa.tables.cells import Cell, Statistic
from coxa.tables.formats import cell, counted
from coxa.tables.prose import Text, in_sentence, joined, prose
from coxa.tables.records import Record, records

EMULATED = (
    "The study did not decide who was in which group. The difference is an effect only if the declared confounders are "
    "all that both the choice of treatment and the outcome depend on; no data can show that."
)
"""What a comparison by the confounders of a target trial takes for granted."""

EXCLUDES = "\N{DOUBLE DAGGER}"
"""Mark of a difference whose interval leaves out none; a star is the sign of a number that is not shown."""

DEPENDS = " Does the effect of each treatment depend on the other?"
"""What a factorial analysis asks too."""

ELIGIBLE = 240
"""Letters of who was eligible; the section on the design has all of it."""


def answer_section(report: ReportRecord) -> Section:
    """Return the answer to each primary question, a table of every arm, one figure, and what a reader asks next."""
    primary = report.study.primary_analyses
    blocks: list[Block] = []
    cautions = comparison_cautions(report)
    for estimand in dict.fromkeys(planned.estimand_name for planned in primary):
        blocks += _answered(report, [planned for planned in primary if planned.estimand_name == estimand])
    blocks += [Paragraph(text, "warning") for text in _not_compared(report)]
    if cautions:
        blocks.append(Paragraph(joined(" ", ("Caution:", *cautions)), "warning"))
    if any(planned.name not in report.not_fitted for planned in primary):
        blocks.append(TableBlock(results_table(report, primary, "answer-by-arm", _title(report.study))))
    blocks.append(Card("", tuple((name, text) for name, text in _facts(report) if str(text))))
    blocks += _figure(report)
    blocks += [Paragraph(text, "warning") for planned in primary for text in warning_sentences(report, planned)]
    blocks += deviation_notes(report)
    others = [planned for planned in report.study.planned_analyses if planned.name in report.not_fitted]
    blocks += [Paragraph(not_fitted_words(report, one), "warning") for one in others if not one.is_primary]
    said = set(_not_compared(report))
    for planned in report.study.planned_analyses:
        blocks += [Paragraph(text, "warning") for text in parts_not_fitted_words(report, planned) if text not in said]
    return Section("answer", "The answer", tuple(blocks), part="answer")


def _not_compared(report: ReportRecord) -> list[str]:
    """Return the comparisons of the primary analyses that could not be fitted, where others could."""
    found = (parts_not_fitted_words(report, one, "arm", "visit") for one in report.study.primary_analyses)
    return [text for texts in found for text in texts]


def _title(study: ComparativeStudy) -> str:
    """Return the title of the table of the primary result."""
    where = "in every" if study.received_in_periods is None else "under each"
    return f"The primary result {where} {study.compared_words.arm}"


def _answered(report: ReportRecord, analyses: list[PlannedAnalysis]) -> Iterator[Block]:
    """Yield the question of an estimand, and what its primary analyses answer."""
    factorial = {planned.name: list(factorial_sentences(report, planned)) for planned in analyses}
    yield Paragraph(f"{question(analyses[0])}{DEPENDS if any(factorial.values()) else ''}")
    for planned in analyses:
        if planned.name in report.not_fitted:
            yield Paragraph(not_fitted_words(report, planned), "lead")
    for planned in analyses:
        yield from (Paragraph(text, "lead") for text in verdict_sentences(report, planned))
    for planned in analyses:
        several = len(_compared(report, planned)) > MOST_SENTENCES
        found = summed_up(report, planned) if several else result_sentences(report, planned)
        yield from (Paragraph(text, "lead", found=several) for text in found)
        yield from (Paragraph(text, found=True) for text in factorial[planned.name])


def _compared(report: ReportRecord, planned: PlannedAnalysis) -> list[Record]:
    """Return the comparisons that an analysis was planned for, at the visits of its estimand."""
    return records(planned.asked(report.estimates.frame, planned.effect.term))


def _figure(report: ReportRecord) -> Iterator[Block]:
    """Yield the course of the main outcome, or of many arms their differences; of one visit those of every analysis."""
    main = report.study.main_analysis
    if profile_leads(report, main):
        yield FigureBlock(analysis_profile(report, main))
    elif has_profile(report, main):
        yield FigureBlock(endpoint_forest(report, main))
    elif (figure := lead_figure(report, main)) or (figure := side_by_side(report, main)):
        yield FigureBlock(figure)


def _facts(report: ReportRecord) -> Iterator[tuple[str, Text]]:
    """Yield what a reader asks after the result, each with its answer."""
    main = report.study.main_analysis
    if compared := _compared(report, main):
        yield "Does it matter?", important_sentence(main, compared)
    if response := main_response(report):
        yield IN_PEOPLE, people_sentence(report, response)
    elif happened := events_sentence(report, main):
        yield IN_PEOPLE, happened
    if main.analysis.of_blocks and (spread := list(between_people(report, main))):
        yield "Alike in everyone?", joined(" ", spread)
    yield "For whom?", joined(" ", _for_whom(report, main))
    yield "How sure?", joined(" ", _how_sure(report, main))
    yield "Over time", joined(" ", _over_time(report, main))
    yield "Harms", harms_sentence(report)
    if report.status.lock is None:
        yield "As planned?", prose(Cell(UNLOCKED))
    elif not report.status.deviations:
        yield "As planned?", prose(Cell("Yes: nothing in the plan was changed after it was locked."))


def _for_whom(report: ReportRecord, main: PlannedAnalysis) -> Iterator[Text]:
    """Yield who could take part, how many did, and how many have a value at the endpoint."""
    study = report.study
    if eligibility := study.protocol.eligibility if study.protocol else None:
        yield f"{shorten(eligibility, ELIGIBLE, placeholder=' ...').rstrip('.')}."
    sizes = arm_sizes(report.cohort)
    by_arm = [
        prose(counted(n, "participants", study.counted_as, arm), f" {study.label('arms', arm)}")
        for arm, n in sizes.items()
    ]
    if len(by_arm) > MOST_SENTENCES and len(set(sizes.values())) == 1:
        by_arm = [prose(by_arm[0].pieces[0], f" in each {study.words.arm}")]
    everybody = counted(sum(sizes.values()), "participants", study.counted_as, "total")
    each = (" (", in_sentence(by_arm), ")") if len(sizes) > 1 else ()
    clusters = list(_clusters(report))
    started = "" if clusters else f" {study.words.started}"
    yield prose(everybody, f"{started} participants", *each, *clusters, ".")
    rows, used = report.datasets[main.estimand_name].analysed, modelled(report, main)
    for visit in main.visits:
        known = used if main.in_periods else used[used["visit"] == visit]
        people = known.groupby(known["arm"].astype(str))["participant_id"].nunique()
        at = Statistic(estimand=main.estimand_name, analysis="participants", term="analysed", visit=visit)
        analysed = [
            prose(cell("count", {"n": int(people.get(arm, 0))}, _of(at, arm)), f" {study.label('arms', arm)}")
            for arm in report.study.treatment_order
            if arm in main.arms
        ]
        yield prose(_analysed_words(main, visit), in_sentence(analysed), ".")
        if lost := rows.loc[rows["visit"] == visit, "participant_id"].nunique() - int(people.sum()) * (visit != ""):
            number = cell("count", {"n": lost}, replace(at, term="without a covariate"))
            yield prose("Left out of the model, as a covariate is missing: ", number, ".")


def _analysed_words(main: PlannedAnalysis, visit: str) -> str:
    """Return what those analysed have: a value at the visit, or an observation of what happened until it."""
    if main.response in OVER_TIME:
        return f"Analysed for {mid_sentence(main.outcome_label)} {main.at(visit)}: "
    return f"With a value {main.at(visit)}, as analysed: "


def _clusters(report: ReportRecord) -> Iterator[Text | Cell]:
    """Yield how many clusters were randomised, where participants were not."""
    people = report.cohort.table("participants")
    allocated = people[people["arm"].notna()]
    if cluster := cluster_column(report.study, allocated):
        n = allocated[cluster].nunique()
        yield from (" in ", counted(n, "participants", f"clusters of {cluster}"), " clusters, which were randomised")


def _of(at: Statistic, arm: str) -> Statistic:
    return Statistic(estimand=at.estimand, analysis=at.analysis, term=at.term, visit=at.visit, arm=arm)


def _how_sure(report: ReportRecord, main: PlannedAnalysis) -> Iterator[Text]:
    agreed = agreement_sentences(main, report.estimates, MOST_SENTENCES)
    yield from agreed
    if not agreed:
        yield "The plan has no sensitivity analysis of this result."


def _over_time(report: ReportRecord, main: PlannedAnalysis) -> Iterator[Text]:
    """Yield the differences of the main analysis at every visit of its model, where there are several."""
    study = report.study
    rows = records(main.rows(report.estimates.frame, main.effect.term))
    days = {visit: plan.day for visit, plan in study.visits.items()}
    if len({row["visit"] for row in rows}) < 2:
        return
    rows.sort(key=lambda row: days[row["visit"]])
    compared = dict.fromkeys((row["arm"], row["reference"]) for row in rows)
    if len(compared) > MOST_SENTENCES:
        yield from _clear_over_time(main, rows)
        return
    for arm, reference in compared:
        parts = [
            prose(
                f"{study.label('visits', row['visit'])}: ",
                written(main, "estimate", row, "estimate"),
                Cell(EXCLUDES if clear(row) else ""),
            )
            for row in rows
            if (row["arm"], row["reference"]) == (arm, reference)
        ]
        label = comparison_label(study, {**rows[0], "arm": arm, "reference": reference})
        yield prose(f"{label}: ", joined("; ", parts), ".")
    yield f"{EXCLUDES} The interval excludes {no_difference_words(main.effect)}."


def _clear_over_time(main: PlannedAnalysis, rows: list[Record]) -> Iterator[Text]:
    """Yield, for each visit, the comparisons whose interval leaves out no difference, where there are many."""
    no_difference = no_difference_words(main.effect)
    for visit in dict.fromkeys(row["visit"] for row in rows):
        found = [
            prose(f"{main.study.label('arms', row['arm'])} (", written(main, "estimate", row, "estimate"), ")")
            for row in rows
            if row["visit"] == visit and clear(row)
        ]
        label = main.study.label("visits", visit)
        words = in_sentence(found) if found else "no comparison"
        yield prose(f"{label}: the interval excludes {no_difference} for ", words, ".")


def caution(main: PlannedAnalysis) -> str:
    """Return what holds for a comparison of the design; of one that emulates a trial, what makes it an effect."""
    return EMULATED if emulated(main) else main.study.words.caution


def comparison_cautions(report: ReportRecord) -> list[Text]:
    """Return what holds for every comparison of the design, and how unlike the arms or groups started."""
    always = caution(report.study.main_analysis)
    at_risk = at_risk_words(report.study.main_analysis)
    return [
        *([always] if always else []),
        *([at_risk] if at_risk else []),
        *baseline_cautions(report),
        *comparability_cautions(report),
    ]


def warning_sentences(report: ReportRecord, planned: PlannedAnalysis) -> list[str]:
    """Return what the models of an analysis warn of, and what was tried before them without success."""
    label = planned.label
    warnings: list[str] = []
    for fit in report.fits.get(planned.name, ()):
        warnings += [f"Warning on {label}: {warning_words(report.study, text)}." for text in fit.warnings]
        warnings += [f"Warning on {label}: tried before and left: {text}." for text in failed_attempts(fit)]
    few = few_cluster_warnings(report.study, planned.name, planned.asked(report.estimates.frame, planned.effect.term))
    warnings += [f"Warning on {label}: {text}." for text in few]
    return list(dict.fromkeys(warnings))
