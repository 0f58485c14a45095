"""Days that were not written, next to an analysis of days: which they are, what it means, and how much it matters."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import pandas as pd

from coxa.analyses.missing_days import BEFORE, LAST, YESTERDAY, Assumed, Entries, entry_model, under_assumptions
from coxa.errors import CoxaError, FitError
from coxa.figures.figure import Figure
from coxa.models.results.run import AnyFit
from coxa.report.document import Block, FigureBlock, Paragraph, TableBlock, silent
from coxa.report.record import ReportRecord
from coxa.report.topics.analyses.forest import plot_forest
from coxa.study.comparative import PlannedAnalysis
from coxa.study.models.location_scale import LocationScale
from coxa.tables.formats import NONE, cell, number
from coxa.tables.phrases import sentence_case
from coxa.tables.table import Cell, Column, Footnote, Row, RowGroup, Statistic, Table, identifier


def missing_day_blocks(report: ReportRecord, planned: PlannedAnalysis) -> list[Block]:
    """Return what is known of days that were not written; none of another kind of model."""
    if not isinstance(planned.analysis, LocationScale):
        return []
    return [block for run in report.fits[planned.name] for block in _of_visit(report, planned, run)]


def _of_visit(report: ReportRecord, planned: PlannedAnalysis, run: AnyFit) -> Iterator[Block]:
    (visit,), dataset = run.sample.visits, report.datasets[planned.estimand_name]
    try:
        entries = entry_model(planned, dataset.frame, visit)
    except FitError as error:
        yield silent(f"Days that were not written {planned.at(visit)}: no model. {error}")
        return
    yield Paragraph(meaning(planned, entries, visit))
    yield TableBlock(entries_table(planned, entries, visit))
    try:
        found = list(under_assumptions(planned, run, dataset.analysed, entries))
    except CoxaError as error:
        yield silent(f"Assumptions on days that were not written: no numbers. {error}", "warning")
        return
    if len(found) > len(planned.compare):
        yield TableBlock(assumptions_table(planned, found, visit))
        yield FigureBlock(_figure(planned, found, visit))


def meaning(planned: PlannedAnalysis, entries: Entries, visit: str) -> str:
    """Say which days were not written, and what that does to the level and to the variability."""
    study = planned.study
    shares = [
        f"{100 * (1 - entries.written.get(arm, 0) / entries.due[arm]):.0f}% in {study.label('arms', arm)}"
        for arm in planned.study.treatment_order
        if entries.due.get(arm)
    ]
    said = [f"Days of the window {planned.at(visit)} that were not written: {', '.join(shares)}."]
    worse = 1.0 if not planned.scale.higher_is_better else -1.0
    after, own = (_direction(entries.ratio(term), worse) for term in (LAST, BEFORE))
    if after:
        kind, flatter = ("worse", "better") if after > 0 else ("better", "worse")
        said.append(
            f"Fewer days were written after {kind} days of a participant. Where days go on like the one before, the "
            f"written ones are {flatter} than all days, and {kind} days, which make days variable, are lost: an arm "
            f"with more days lost looks {flatter} and steadier than it is."
        )
    elif own:
        kind = "worse" if own > 0 else "better"
        said.append(
            f"Participants with {kind} days wrote on fewer. Each has a level of his or her own in the model, so that "
            "the level is not moved by that; one whose few days say little of the variability counts less in it."
        )
    else:
        level = "higher" if worse > 0 else "lower"
        said.append(
            "The model does not show that writing went with how the days before were. It cannot show whether it went "
            f"with how the day itself was: if it was worse days that were not written, the level is {level} and the "
            "variability larger than reported."
        )
    return " ".join(said)


def _direction(ratio: tuple[float, float, float, float] | None, worse: float) -> float:
    """Return 1 where worse values go with fewer entries, -1 where better ones do, 0 where neither is shown."""
    if ratio is None or ratio[1] <= 1 <= ratio[2]:
        return 0.0
    return worse if ratio[0] < 1 else -worse


def entries_table(planned: PlannedAnalysis, entries: Entries, visit: str) -> Table:
    """Return the odds ratios of an entry on a day."""
    study, unit = planned.study, planned.scale.unit
    arms = [
        (f"arm[{arm}]", f"{study.label('arms', arm)} against {study.label('arms', study.treatment_order[0])}")
        for arm in study.treatment_order[1:]
    ]
    asked = [
        *arms,
        ("week", "Per week"),
        (LAST, f"Last value above the mean before it, per {_one(unit)}"),
        (BEFORE, f"Mean of the days before, per {_one(unit)}"),
        (YESTERDAY, "Day before written"),
    ]
    people = entries.rows["participant_id"].nunique()
    rows = tuple(_ratio_row(planned, entries, term, label, visit) for term, label in asked if entries.ratio(term))
    return Table(
        identifier("entries", planned.name, visit),
        f"{planned.outcome_label} {planned.at(visit)}: whether a day was written",
        "Odds ratio of an entry",
        (Column("Odds ratio (CI)"), Column("p")),
        (RowGroup("", rows),),
        (
            Footnote(
                f"{len(entries.rows):,} days due of {people:,} participants, from the "
                "day after the first entry in the window. Logistic model by independence estimating equations, "
                "standard errors over participants (Kauermann and Carroll). CI, confidence interval."
            ),
        ),
    )


def _one(unit: str) -> str:
    return unit.removesuffix("s") if unit == "points" else unit


def _ratio_row(planned: PlannedAnalysis, entries: Entries, term: str, label: str, visit: str) -> Row:
    ratio = entries.ratio(term)
    assert ratio is not None
    at = Statistic("", math.nan, planned.estimand_name, planned.name, f"entry: {term}", visit)
    values = dict(zip(("estimate", "conf_low", "conf_high"), ratio[:3], strict=True))
    return Row(label, (cell("two_decimals_interval", values, at), cell("p_value", {"p_value": ratio[3]}, at)))


def assumptions_table(planned: PlannedAnalysis, found: Sequence[Assumed], visit: str) -> Table:
    """Return level and ratio of SDs under each assumption on days that were not written."""
    groups = []
    for arm in planned.compare:
        rows = []
        for place, one in enumerate([each for each in found if each.arm == arm]):
            at = Statistic(
                "", math.nan, planned.estimand_name, planned.name, f"days assumed {place}: level", visit, arm,
                planned.against,
            )  # fmt: skip
            spread = Statistic(
                "", math.nan, planned.estimand_name, planned.name, f"days assumed {place}: ratio of SDs", visit, arm,
                planned.against,
            )  # fmt: skip
            rows.append(
                Row(
                    one.label,
                    (
                        cell("estimate_interval", _values(one.level), at, planned.decimals)
                        if planned.of_means
                        else Cell(NONE),
                        cell("two_decimals_interval", _values(one.ratio), spread),
                        cell("p_value", {"p_value": one.ratio[3]}, spread),
                        cell("count", {"n": one.n_days}, at),
                    ),
                )
            )
        study = planned.study
        heading = f"{study.label('arms', arm)} against {study.label('arms', planned.against)}"
        groups.append(RowGroup(heading, tuple(rows)))
    return Table(
        identifier("days-assumed", planned.name, visit),
        f"{planned.outcome_label} {planned.at(visit)}: assumptions on days that were not written",
        "Assumption",
        (Column("Difference in level (CI)"), Column("Ratio of SDs (CI)"), Column("p"), Column("Days")),
        tuple(groups),
        (Footnote(" ".join(_notes(planned, found))),),
    )


def _values(numbers: tuple[float, float, float, float]) -> dict[str, float]:
    return dict(zip(("estimate", "conf_low", "conf_high"), numbers[:3], strict=True))


def _notes(planned: PlannedAnalysis, found: Sequence[Assumed]) -> Iterator[str]:
    plan = planned.analysis.option("missing_days")
    if plan.weights:
        yield (
            "Weights: the share of days of the arm that was written over the probability that the model of entries "
            "gives the day; standard errors over participants take them as known. They mend what goes with earlier "
            "days, not what goes with the day itself."
        )
    if plan.delta:
        yield (
            f"Days not written were filled in {plan.imputations} times from the model, with level and SD of the "
            "participant, made worse, cut at the ends of the scale, and combined by Rubin's rules. How much worse they "
            "were is not in the data."
        )
    ratios = [one.ratio[0] for one in found]
    yield f"Ratios from {number(min(ratios), 2)} to {number(max(ratios), 2)}. p, of the ratio. CI, confidence interval."


def _figure(planned: PlannedAnalysis, found: Sequence[Assumed], visit: str) -> Figure:
    level = planned.of_means
    rows = pd.DataFrame(
        [
            {
                "label": sentence_case(one.label),
                "estimand": planned.estimand_name,
                "analysis": planned.name,
                "outcome": planned.outcome_name,
                "visit": visit,
                "arm": one.arm,
                "reference": planned.against,
                "term": f"days assumed {place // len(planned.compare)}: {'level' if level else 'ratio of SDs'}",
                **_values(one.level if level else one.ratio),
            }
            for place, one in enumerate(found)
        ]
    )
    return plot_forest(
        planned,
        rows,
        figure_id=identifier("days-assumed", planned.name, visit, "figure"),
        title=f"{planned.outcome_label} {planned.at(visit)}: {planned.effect.words} by what is assumed of days that "
        "were not written",
    )
