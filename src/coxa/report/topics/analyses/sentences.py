"""Results as sentences, generated from the plan and the estimates, so that text and table cannot disagree."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from coxa.analyses.not_fitted import NotFitted, Part, part_words, reason
from coxa.estimates.margins import is_shown
from coxa.report.interim import decided_by_hypotheses
from coxa.report.record import ReportRecord
from coxa.report.topics.analyses.adjusted import is_adjusted
from coxa.report.topics.analyses.results import INTERVAL, estimate_cell
from coxa.report.topics.analyses.written import clear, conclusion, has_interval, no_difference_words, written
from coxa.sentences import join_words, mid_sentence
from coxa.study.analysis import Margin
from coxa.study.comparative import PlannedAnalysis
from coxa.study.design_words import TRIAL
from coxa.study.important import compared_with
from coxa.study.margin import margin_words
from coxa.study.plan import Study
from coxa.study.target_trial import emulated
from coxa.study.wording import endpoint_words, named_among, side_label
from coxa.study.words import SIMULTANEOUS
from coxa.tables.cells import Cell
from coxa.tables.formats import NO_BREAK
from coxa.tables.phrases import cut_short, sentence_case
from coxa.tables.prose import Prose, joined, prose
from coxa.tables.records import Record, records

SOURCE = 160
"""Letters of the source of an important difference in a sentence; the tables have all of it."""

MOST_SENTENCES = 3
"""Comparisons that have a sentence each; more are summed up in one, and the table has them all."""

MOST_JOINED = 2
"""Arms that a question names one by one; of more it asks for the effect of each."""

MARGIN_WORDS = {
    "noninferiority": "Non-inferiority",
    "superiority": "Superiority by the margin",
    "equivalence": "Equivalence",
}


def result_sentences(report: ReportRecord, planned: PlannedAnalysis) -> list[Prose]:
    """Return one sentence per comparison that an analysis was planned for."""
    rows = planned.asked(report.estimates.frame, planned.effect.term)
    return [result_sentence(planned, record) for record in records(rows)]


def result_sentence(planned: PlannedAnalysis, record: Record) -> Prose:
    """Say one difference: between whom, when, how large, how sure, and in whose favour.

    It is in favour of an arm only where the interval leaves out zero. Where the p-value is adjusted for multiplicity
    the sentence says so, and that the interval is not.
    """
    study = planned.study
    arm, reference = (study.label("arms", record[side]) for side in ("arm", "reference"))
    verdict = conclusion(planned, record)
    kind = said_of_limits = ""
    if is_adjusted(planned, record):
        method = planned.analysis.multiplicity
        kind = f"{method.capitalize()}-adjusted "
        said_of_limits = f", {'adjusted too' if method in SIMULTANEOUS else 'not adjusted'}"
        if clear(record) and record["p_value"] > 1 - record["conf_level"]:
            verdict += " by the interval, not by the adjusted p-value"
    what = (
        f"{arm} against {reference} {planned.at(record['visit'])}: {planned.effect.words} ",
        written(planned, "estimate", record, "estimate"),
        f" {planned.unit}" if planned.unit else "",
    )
    if not has_interval(record):
        return prose(*what, "; ", Cell(verdict), ".")
    return prose(
        *what,
        f" ({100 * record['conf_level']:g}%{NO_BREAK}CI ",
        written(planned, "limits", record, "conf_low", "conf_high"),
        f"{said_of_limits}; {kind}",
        estimate_cell("p_words", record, "p_value"),
        "); ",
        Cell(verdict),
        ".",
    )


def factorial_sentences(report: ReportRecord, planned: PlannedAnalysis) -> Iterator[Prose]:
    """Yield how two treatments together differ from the sum of both, and what each does over the other."""
    for record in records(planned.asked(report.estimates.frame, "interaction")):
        better = (record["estimate"] > 0) == planned.higher_is_better
        verdict = (
            f"together they do {'more' if better else 'less'} than the sum of both; each effect depends on the other"
            if clear(record)
            else "the interval includes no interaction"
        )
        yield _factor_sentence(planned, record, f"Interaction of {side_label(planned.study, record['arm'])}", verdict)
    for record in records(planned.asked(report.estimates.frame, "main_effect")):
        yield _factor_sentence(planned, record, f"Main effect of {factor_words(record)}", "")


def factor_words(record: Record) -> str:
    """Return what a main effect is of: "exercise (with against without)"."""
    return f"{record['arm'].replace('_', ' ')} (with against without)"


def _factor_sentence(planned: PlannedAnalysis, record: Record, what: str, verdict: str) -> Prose:
    decimals = planned.decimals
    return prose(
        f"{what} {planned.at(record['visit'])}: ",
        estimate_cell("estimate", record, "estimate", decimals=decimals),
        f" {planned.unit} ({100 * record['conf_level']:g}%{NO_BREAK}CI ",
        estimate_cell("limits", record, "conf_low", "conf_high", decimals=decimals),
        "; ",
        estimate_cell("p_words", record, "p_value"),
        ")",
        prose("; ", Cell(verdict)) if verdict else "",
        ".",
    )


def summed_up(report: ReportRecord, planned: PlannedAnalysis) -> list[Prose]:
    """Return a sentence for each comparison whose interval leaves out zero, and one for all others."""
    rows = records(planned.asked(report.estimates.frame, planned.effect.term))
    others = [record for record in rows if has_interval(record) and not clear(record)]
    rest = [_not_clear(planned, others, rows)] if others else []
    said = (record for record in rows if clear(record) or not has_interval(record))
    return [*(result_sentence(planned, record) for record in said), *rest]


def _among(planned: PlannedAnalysis, names: Sequence[str], every: Sequence[str]) -> str:
    return named_among(names, every, planned.study.compared_words.arm)


def _not_clear(planned: PlannedAnalysis, others: Sequence[Record], every: Sequence[Record]) -> Prose:
    """Name the arms whose intervals include no difference, and say from where to where their estimates go."""
    labels, among = (
        list(dict.fromkeys(planned.study.label("arms", record["arm"]) for record in some)) for some in (others, every)
    )
    references = dict.fromkeys(planned.study.label("arms", record["reference"]) for record in others)
    unit = f" {planned.unit}" if planned.unit else ""
    estimates = (
        prose(
            written(planned, "estimate", record, "estimate"), f"{unit} ({planned.study.label('arms', record['arm'])})"
        )
        for record in (min(others, key=_estimate), max(others, key=_estimate))
    )
    return prose(
        f"The interval includes {no_difference_words(planned.effect)} for {_among(planned, labels, among)} "
        f"against {join_words(list(references), 'or')}: {planned.effect.words} from ",
        joined(" to ", estimates),
        ".",
    )


def _estimate(record: Record) -> float:
    return float(record["estimate"])


def important_sentence(planned: PlannedAnalysis, rows: Sequence[Record]) -> Prose:
    """Say how differences compare with the important one of their outcome, those that compare alike together."""
    important = planned.important
    if important is None or not (planned.of_means or important.is_ratio):
        return prose(
            f"The plan names no difference in {mid_sentence(planned.outcome_label)} that is important, so the report "
            "cannot say."
        )
    alike: dict[str, list[str]] = {}
    every: list[str] = []
    what = planned.effect.words if important.is_ratio else "difference"
    for record in rows:
        size, interval = compared_with(important, *(record[name] for name in INTERVAL))
        words = f"{size} {important.size_at(record['estimate'])}, {interval}"
        at = f" {planned.at(record['visit'])}" if len(planned.visits) > 1 else ""
        every.append(planned.study.label("arms", record["arm"]) + at)
        alike.setdefault(words, []).append(every[-1])
    parts = (
        f"{f'{sentence_case(_among(planned, labels, every))}: the' if len(rows) > 1 else 'The'} {what} is {words}."
        for words, labels in alike.items()
    )
    source = cut_short(important.source, SOURCE)
    limits = (
        " It is a cut for the change of one person; the plan names none for a difference." if important.of_one else ""
    )
    return prose(Cell(" ".join(parts)), f" Important difference: the {important.amount} ({source}).{limits}")


def verdict_sentences(report: ReportRecord, planned: PlannedAnalysis) -> list[Prose]:
    """Return, for each test against the margin of an analysis, whether what was to be shown was, and at which level."""
    margin = planned.analysis.option("margin")
    if margin is None:
        return []
    rows = planned.rows(report.estimates.frame, margin.type)
    return [_verdict(report, planned, margin, record) for record in records(rows)]


def _verdict(report: ReportRecord, planned: PlannedAnalysis, margin: Margin, record: Record) -> Prose:
    study, unit = planned.study, f" {planned.unit}" if planned.unit else ""
    arm, reference = (study.label("arms", record[side]) for side in ("arm", "reference"))
    source = f", {margin.source}" if margin.source else ""
    kind = f"{planned.analysis.multiplicity.capitalize()}-adjusted " if is_adjusted(planned, record) else ""
    level = (1 - record["conf_level"]) / 2
    shown, at = is_shown(record), f"at the one-sided level of {level:g}"
    if (decided := decided_by_hypotheses(report, planned, record)) is not None:
        shown = decided
        at = "by the boundaries of the looks" if study.interim is not None else "by the hypotheses of the plan"
    return prose(
        f"{MARGIN_WORDS[margin.type]} of {arm} against {reference} {planned.at(record['visit'])} is ",
        Cell("shown" if shown else "not shown"),
        f" {at} (margin {margin_words(planned)}{source}): {planned.effect.words} ",
        written(planned, "estimate", record, "estimate"),
        f"{unit} ({100 * record['conf_level']:g}%{NO_BREAK}CI ",
        written(planned, "limits", record, "conf_low", "conf_high"),
        f"; {'without the looks ' if study.interim is not None and decided is not None else ''}one-sided {kind}",
        estimate_cell("p_words", record, "p_value"),
        ").",
    )


def not_fitted_words(report: ReportRecord, planned: PlannedAnalysis) -> str:
    """Say that an analysis has no numbers, and why: "Primary could not be fitted: no outcome of ..."."""
    return _could_not(planned, report.not_fitted[planned.name])


def parts_not_fitted_words(report: ReportRecord[Study], planned: PlannedAnalysis, *parts: Part) -> list[str]:
    """Say which parts of an analysis have no numbers, and why: "Primary: subgroups by sex could not be fitted ...".

    With `parts` only these kinds of them.
    """
    found = report.parts_not_fitted.get(planned.name, ())
    return [_could_not(planned, why) for why in found if not parts or why.part in parts]


def _could_not(planned: PlannedAnalysis, why: NotFitted) -> str:
    return f"{part_words(planned.study, planned.name, why)} could not be fitted: {reason(why)}."


EMULATED_QUESTION = TRIAL.question
"""What an estimand of a target trial asks: for an effect, under its assumptions."""


def question(planned: PlannedAnalysis) -> str:
    """Return what was asked, as a sentence."""
    study, scale = planned.study, planned.scale
    words = study.words
    span = f"{scale.low:g} to {scale.high:g} {scale.unit}, {scale.direction}"
    if not (planned.kind == "mean" or planned.response == "responder"):
        span = planned.direction
    joining = " and of " if words.allocates else " or "
    arms = [study.label("arms", arm) for arm in planned.compare]
    return (EMULATED_QUESTION if emulated(planned) else words.question).format(
        arm=joining.join(arms) if len(arms) <= MOST_JOINED else f"each of {join_words(arms)}",
        against=study.label("arms", planned.against),
        endpoint=f"{endpoint_words(study, planned.estimand_name)} ({span})",
    )
