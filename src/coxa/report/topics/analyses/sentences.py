"""Results as sentences, generated from the plan and the estimates, so that text and table cannot disagree."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from coxa.estimates.margins import is_shown
from coxa.report.record import Report
from coxa.report.topics.analyses.adjusted import is_adjusted
from coxa.report.topics.analyses.results import INTERVAL, estimate_cell
from coxa.study import Study
from coxa.study.design_words import words_of
from coxa.study.important import compared_with
from coxa.study.scales import outcome_scale
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


def asked_rows(report: Report, analysis: str) -> pd.DataFrame:
    """Return the comparisons of an analysis at the visits that its estimand names."""
    frame = report.estimates.frame
    visits = report.study.estimands[report.study.analyses[analysis].estimand].endpoint.visit
    mine = (frame["analysis"] == analysis) & frame["visit"].isin(visits) & frame["term"].isin([MEANS, RISKS])
    return frame[mine]


def result_sentences(report: Report, analysis: str) -> list[Prose]:
    """Return one sentence per comparison that an analysis was planned for."""
    return [result_sentence(report, record) for record in records(asked_rows(report, analysis))]


def result_sentence(report: Report, record: Record) -> Prose:
    """Say one difference: between whom, when, how large, how sure, and in whose favour.

    It is in favour of an arm only where the interval leaves out zero. Where the p-value is adjusted for multiplicity
    the sentence says so, and that the interval is not.
    """
    study = report.study
    estimand = study.estimands[record["estimand"]]
    scale = outcome_scale(study.outcomes[estimand.endpoint.outcome])
    decimals = decimals_of(report, record["estimand"])
    arm, reference = (study.label("arms", record[side]) for side in ("arm", "reference"))
    risks = record["term"] == RISKS
    better = arm if (record["estimate"] > 0) == (risks or scale.higher_is_better) else reference
    clear = record["conf_low"] > 0 or record["conf_high"] < 0
    verdict = f"{words_of(study).favour} {better}" if clear else "the interval includes no difference"
    kind = said_of_limits = ""
    if is_adjusted(study, record):
        method = study.analyses[record["analysis"]].multiplicity
        kind = f"{method.capitalize()}-adjusted "
        said_of_limits = f", {'adjusted too' if method in SIMULTANEOUS else 'not adjusted'}"
        if clear and record["p_value"] > 1 - record["conf_level"]:
            verdict += " by the interval, not by the adjusted p-value"
    unit = "percentage points" if risks else difference_unit(report, record["estimand"])
    return prose(
        f"{arm} against {reference} at {study.label('visits', record['visit'])}: difference in ",
        "proportions " if risks else "means ",
        estimate_cell("points" if risks else "estimate", record, "estimate", decimals=decimals),
        f" {unit} ({100 * record['conf_level']:g}%{NO_BREAK}CI ",
        estimate_cell("points_limits" if risks else "limits", record, "conf_low", "conf_high", decimals=decimals),
        f"{said_of_limits}; {kind}",
        estimate_cell("p_words", record, "p_value"),
        "); ",
        Cell(verdict),
        ".",
        *important_words(study, record),
    )


def important_words(study: Study, record: Record) -> Iterator[str | Cell]:
    """Yield how a difference compares with the important one of its outcome, with the source; nothing without one."""
    important = study.planned(record["analysis"]).important if record["term"] == MEANS else None
    if important is not None:
        size, interval = compared_with(important, *(record[name] for name in INTERVAL))
        yield from (
            " The difference is ",
            Cell(size),
            f" the {important.amount} ({important.source}); ",
            Cell(interval),
            ".",
        )


def verdict_sentences(report: Report, analysis: str) -> list[Prose]:
    """Return, for each test against the margin of an analysis, whether what was to be shown was, and at which level."""
    margin = report.study.analyses[analysis].option("margin")
    if margin is None:
        return []
    frame = report.estimates.frame
    rows = frame[(frame["analysis"] == analysis) & (frame["term"] == margin.type)]
    return [_verdict(report, record) for record in records(rows)]


def _verdict(report: Report, record: Record) -> Prose:
    study = report.study
    analysis, decimals = study.analyses[record["analysis"]], decimals_of(report, record["estimand"])
    margin, unit = analysis.option("margin"), difference_unit(report, record["estimand"])
    arm, reference = (study.label("arms", record[side]) for side in ("arm", "reference"))
    source = f", {margin.source}" if margin.source else ""
    kind = f"{analysis.multiplicity.capitalize()}-adjusted " if is_adjusted(study, record) else ""
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


def decimals_of(report: Report, estimand: str) -> int:
    """Return the decimals of means of an estimand's endpoint."""
    endpoint = report.study.estimands[estimand].endpoint
    if endpoint.measure == "percent_change":
        return 1
    return outcome_scale(report.study.outcomes[endpoint.outcome]).decimals


def difference_unit(report: Report, estimand: str) -> str:
    """Return the unit of a difference in means."""
    endpoint = report.study.estimands[estimand].endpoint
    if endpoint.measure == "percent_change":
        return "percentage points"
    return outcome_scale(report.study.outcomes[endpoint.outcome]).unit


def not_fitted_words(report: Report, analysis: str) -> str:
    """Say that an analysis has no numbers, and why: "Primary could not be fitted: no outcome of ..."."""
    why = report.not_fitted[analysis].message.removeprefix(f"analysis {analysis}: ")
    return f"{report.study.label('analyses', analysis)} could not be fitted: {why}."


def question(report: Report, estimand: str) -> str:
    """Return what was asked, as a sentence."""
    study = report.study
    plan = study.estimands[estimand]
    scale = outcome_scale(study.outcomes[plan.endpoint.outcome])
    words = words_of(study)
    joining = " and of " if words.allocates else " and in "
    return words.question.format(
        arm=joining.join(study.label("arms", arm) for arm in plan.treatment.compare),
        against=study.label("arms", plan.treatment.against),
        endpoint=f"{endpoint_words(study, estimand)} ({scale.low:g} to {scale.high:g} {scale.unit}, {scale.direction})",
    )
