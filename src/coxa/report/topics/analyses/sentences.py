"""Results as sentences, generated from the plan and the estimates, so that text and table cannot disagree."""

from __future__ import annotations

from collections.abc import Iterator

from coxa.estimates.margins import is_shown
from coxa.report.record import ReportRecord
from coxa.report.topics.analyses.adjusted import is_adjusted
from coxa.report.topics.analyses.results import INTERVAL, estimate_cell
from coxa.study.analysis import Margin
from coxa.study.comparative import PlannedAnalysis
from coxa.study.important import compared_with
from coxa.study.wording import endpoint_words
from coxa.study.words import SIMULTANEOUS
from coxa.tables.cells import Cell
from coxa.tables.formats import NO_BREAK
from coxa.tables.prose import Prose, prose
from coxa.tables.records import Record, records

MEANS = "difference"
RISKS = "risk_difference"

MARGIN_WORDS = {
    "noninferiority": "Non-inferiority",
    "superiority": "Superiority by the margin",
    "equivalence": "Equivalence",
}


def result_sentences(report: ReportRecord, planned: PlannedAnalysis) -> list[Prose]:
    """Return one sentence per comparison that an analysis was planned for."""
    rows = planned.asked(report.estimates.frame, MEANS, RISKS)
    return [result_sentence(planned, record) for record in records(rows)]


def result_sentence(planned: PlannedAnalysis, record: Record) -> Prose:
    """Say one difference: between whom, when, how large, how sure, and in whose favour.

    It is in favour of an arm only where the interval leaves out zero. Where the p-value is adjusted for multiplicity
    the sentence says so, and that the interval is not.
    """
    study, decimals = planned.study, planned.decimals
    arm, reference = (study.label("arms", record[side]) for side in ("arm", "reference"))
    risks = record["term"] == RISKS
    better = arm if (record["estimate"] > 0) == planned.higher_is_better else reference
    clear = record["conf_low"] > 0 or record["conf_high"] < 0
    verdict = f"{study.words.favour} {better}" if clear else "the interval includes no difference"
    kind = said_of_limits = ""
    if is_adjusted(planned, record):
        method = planned.analysis.multiplicity
        kind = f"{method.capitalize()}-adjusted "
        said_of_limits = f", {'adjusted too' if method in SIMULTANEOUS else 'not adjusted'}"
        if clear and record["p_value"] > 1 - record["conf_level"]:
            verdict += " by the interval, not by the adjusted p-value"
    return prose(
        f"{arm} against {reference} at {study.label('visits', record['visit'])}: difference in ",
        "proportions " if risks else "means ",
        estimate_cell("points" if risks else "estimate", record, "estimate", decimals=decimals),
        f" {planned.unit} ({100 * record['conf_level']:g}%{NO_BREAK}CI ",
        estimate_cell("points_limits" if risks else "limits", record, "conf_low", "conf_high", decimals=decimals),
        f"{said_of_limits}; {kind}",
        estimate_cell("p_words", record, "p_value"),
        "); ",
        Cell(verdict),
        ".",
        *important_words(planned, record),
    )


def important_words(planned: PlannedAnalysis, record: Record) -> Iterator[str | Cell]:
    """Yield how a difference compares with the important one of its outcome, with the source; nothing without one."""
    important = planned.important if record["term"] == MEANS else None
    if important is not None:
        size, interval = compared_with(important, *(record[name] for name in INTERVAL))
        yield from (
            " The difference is ",
            Cell(size),
            f" the {important.amount} ({important.source}); ",
            Cell(interval),
            ".",
        )


def verdict_sentences(report: ReportRecord, planned: PlannedAnalysis) -> list[Prose]:
    """Return, for each test against the margin of an analysis, whether what was to be shown was, and at which level."""
    margin = planned.analysis.option("margin")
    if margin is None:
        return []
    rows = planned.rows(report.estimates.frame, margin.type)
    return [_verdict(planned, margin, record) for record in records(rows)]


def _verdict(planned: PlannedAnalysis, margin: Margin, record: Record) -> Prose:
    study, decimals, unit = planned.study, planned.decimals, planned.unit
    arm, reference = (study.label("arms", record[side]) for side in ("arm", "reference"))
    source = f", {margin.source}" if margin.source else ""
    kind = f"{planned.analysis.multiplicity.capitalize()}-adjusted " if is_adjusted(planned, record) else ""
    level = (1 - record["conf_level"]) / 2
    return prose(
        f"{MARGIN_WORDS[margin.type]} of {arm} against {reference} at {study.label('visits', record['visit'])} is ",
        Cell("shown" if is_shown(record) else "not shown"),
        f" at the one-sided level of {level:g} (margin {margin.value:g} {unit}{source}): difference in means ",
        estimate_cell("estimate", record, "estimate", decimals=decimals),
        f" {unit} ({100 * record['conf_level']:g}%{NO_BREAK}CI ",
        estimate_cell("limits", record, "conf_low", "conf_high", decimals=decimals),
        f"; one-sided {kind}",
        estimate_cell("p_words", record, "p_value"),
        ").",
    )


def not_fitted_words(report: ReportRecord, planned: PlannedAnalysis) -> str:
    """Say that an analysis has no numbers, and why: "Primary could not be fitted: no outcome of ..."."""
    why = report.not_fitted[planned.name].message.removeprefix(f"analysis {planned.name}: ")
    return f"{planned.label} could not be fitted: {why}."


def question(planned: PlannedAnalysis) -> str:
    """Return what was asked, as a sentence."""
    study, scale = planned.study, planned.scale
    words = study.words
    span = f"{scale.low:g} to {scale.high:g} {scale.unit}, {scale.direction}"
    joining = " and of " if words.allocates else " and in "
    return words.question.format(
        arm=joining.join(study.label("arms", arm) for arm in planned.compare),
        against=study.label("arms", planned.against),
        endpoint=f"{endpoint_words(study, planned.estimand_name)} ({span})",
    )
