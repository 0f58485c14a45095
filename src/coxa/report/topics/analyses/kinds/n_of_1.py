"""What a report has of a series of n-of-1 trials: the mean effect, how it differs between people, each of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from coxa.analyses.blocks import differences_of
from coxa.analyses.periods import rows_in_periods
from coxa.models import Fit
from coxa.n_of_1 import SeriesEffect
from coxa.n_of_1.series import series_of
from coxa.report.document import Block, FigureBlock, Paragraph, TableBlock
from coxa.report.record import ReportRecord
from coxa.report.topics.analyses.kinds.causal_parts import (
    address,
    interval_cell,
    limits_cell,
    notes_of,
    plain_cell,
    value_cell,
)
from coxa.report.topics.analyses.kinds.people_days import day_effects, days_of_people
from coxa.report.topics.analyses.kinds.people_figures import people_forest, people_panels
from coxa.study.comparative import PlannedAnalysis
from coxa.study.wording import compared_arms
from coxa.tables.formats import NONE, cell, number
from coxa.tables.prose import Text, prose
from coxa.tables.table import Cell, Column, Footnote, Row, RowGroup, Statistic, Table, identifier

DayNumbers = dict[str, tuple[float, float, float, float]]
"""Participant -> estimate, limits and correlation of the regression on days."""

FEW_PEOPLE = 10
"""People below whom the spread between them is known badly."""


def n_of_1_blocks(report: ReportRecord, planned: PlannedAnalysis, fits: Sequence[Fit]) -> list[Block]:
    """Return the table of the series, its sentence, the forest of people, the table of people, and their panels."""
    rows = rows_in_periods(report.study, report.datasets[planned.estimand_name])
    blocks: list[Block] = []
    for compare, fit in zip(planned.compare, fits, strict=True):
        differences = differences_of(planned, rows, compare)
        series = numbered(series_of(fit, differences, conf_level=planned.analysis.conf_level))
        days = days_of_people(report, planned, compare, series.people)
        blocks += [TableBlock(series_table(report, planned, compare, series))]
        blocks += [Paragraph(text) for text in series_sentences(planned, series)]
        if len(series.people) > 1:
            blocks.append(FigureBlock(people_forest(planned, compare, series)))
        by_days = day_effects(days, planned.analysis.conf_level)
        blocks.append(TableBlock(people_table(planned, compare, series, by_days)))
        blocks.append(FigureBlock(people_panels(planned, compare, series.people, days, rows.analysed)))
    return blocks


def numbered(series: SeriesEffect) -> SeriesEffect:
    """Return a series with its people in the order of their effects, called by their place, so that none is named."""
    by = "shrunken" if series.people["shrunken"].notna().all() else "estimate"
    people = series.people.sort_values([by, "estimate"], kind="stable", ignore_index=True)
    return replace(series, people=people.assign(person=[f"Person {place}" for place in range(1, len(people) + 1)]))


def series_table(report: ReportRecord, planned: PlannedAnalysis, compare: str, series: SeriesEffect) -> Table:
    """Return the mean effect, the spread between people, and what to expect in the next person."""
    rows = list(_series_rows(planned, compare, series))
    level = f"{100 * planned.analysis.conf_level:g}%"
    notes = [
        f"In {planned.unit}. Difference within a block: mean under {_label(planned, compare)} less mean under "
        f"{_label(planned, planned.against)}.",
        f"SD between people: of their true effects, with a profile interval. Next person: {level} interval of the true "
        "effect in another person of the same population.",
        f"CI, {level} confidence interval. SD, standard deviation.",
    ]
    return Table(
        identifier("series", f"{planned.name}-{compare}"),
        f"{planned.outcome_label}: the series of n-of-1 trials",
        "Quantity",
        (Column("Estimate (CI)"),),
        (RowGroup(_pair(planned, compare), tuple(rows)),),
        (*notes_of(report, planned), *(Footnote(text) for text in notes)),
    )


def _series_rows(planned: PlannedAnalysis, compare: str, series: SeriesEffect) -> Iterator[Row]:
    def at(term: str) -> Statistic:
        return address(planned, "", compare, term)

    people = len(series.people)
    counted = cell("count", {"n": people}, at("people with a block"))
    yield Row("People with a block of both treatments", (counted,))
    blocks = replace(cell("count", {"n": int(series.people["n_blocks"].sum())}, at("blocks")), of_people=False)
    yield Row("Blocks", (blocks,))
    mean = interval_cell(planned, at("mean effect"), series.estimate, series.conf_low, series.conf_high)
    yield Row("Mean effect", (mean,), strong=True)
    if series.sd_between == series.sd_between:
        limits = series.sd_between, series.sd_between_low, series.sd_between_high
        yield Row("SD of the effect between people", (interval_cell(planned, at("SD between people"), *limits),))
    within = value_cell(planned, at("SD within people"), series.sd_within)
    yield Row("SD of the differences of one person", (within,))
    if series.prediction_low == series.prediction_low:
        limits_of = limits_cell(planned, at("next person"), series.prediction_low, series.prediction_high)
        yield Row("Effect in the next person", (limits_of,))
    if series.order == series.order:
        yield Row("Coming second in a block", (value_cell(planned, at("order"), series.order),))


def series_sentences(planned: PlannedAnalysis, series: SeriesEffect) -> Iterator[str]:
    """Yield what the spread between people means, and how far an effect in one of them can be known."""
    if series.sd_between != series.sd_between:
        yield "One person: nothing is known of how the effect differs between people."
        return
    decimals, unit = planned.decimals, planned.unit
    low, high = (number(value, decimals) for value in (series.prediction_low, series.prediction_high))
    spread = number(series.sd_between, decimals)
    if series.sd_between == 0:
        yield (
            "The effects of people do not differ by more than their blocks do: the standard deviation between people "
            f"is estimated at 0, up to {number(series.sd_between_high, decimals)} {unit}, and every shrunken effect is "
            "the mean."
        )
    else:
        yield (
            f"The effect differs between people with a standard deviation of {spread} {unit}; in the next person it "
            f"is expected from {low} to {high} {unit}."
        )
    if len(series.people) < FEW_PEOPLE:
        yield f"With {len(series.people)} people the standard deviation between them is known badly."
    most = int(series.people["n_blocks"].max())
    if 2.0 ** (1 - most) > 0.05:
        yield (
            f"With {most} blocks the randomisation test of one person cannot give a p-value below "
            f"{2.0 ** (1 - most):g}: it says little of single people, and the shrunken effects say more."
        )


def between_people(report: ReportRecord, planned: PlannedAnalysis) -> Iterator[Text]:
    """Yield for page one how much each effect differs between people, and what to expect in the next one."""
    rows = rows_in_periods(report.study, report.datasets[planned.estimand_name])
    for compare, fit in zip(planned.compare, report.fits[planned.name], strict=True):
        assert isinstance(fit, Fit)
        series = series_of(fit, differences_of(planned, rows, compare), conf_level=planned.analysis.conf_level)
        if series.prediction_low != series.prediction_low or series.sd_between != series.sd_between:
            continue
        spread = value_cell(planned, address(planned, "", compare, "SD between people"), series.sd_between)
        coming = limits_cell(
            planned, address(planned, "", compare, "next person"), series.prediction_low, series.prediction_high
        )
        yield prose(
            f"The standard deviation of the effect of {_label(planned, compare)} between people is ",
            *(spread, "; in another person it is expected from ", coming, f" {planned.unit}."),
        )


def people_table(planned: PlannedAnalysis, compare: str, series: SeriesEffect, days: DayNumbers) -> Table:
    """Return the effect in each person: own blocks with tests, shrunken, and by regression on days."""
    rows = tuple(_person(planned, compare, record, days) for record in series.people.to_dict("records"))
    level = f"{100 * planned.analysis.conf_level:g}%"
    columns = [Column("Blocks"), Column("Own blocks (CI)"), Column("p"), Column("Shrunken (CI)")]
    columns += [Column("Days (CI)"), Column("r")] if days else []
    notes = [
        f"In {planned.unit}. People in the order of their shrunken effects. Own blocks: mean of the differences of the "
        "person's blocks, t interval. p: exact randomisation test over the orders within blocks.",
        "Shrunken: best linear unbiased prediction, between the person's own effect and the mean of all.",
    ]
    if days:
        notes.append(
            "Days: regression with a straight course and autoregressive errors; its interval takes the correlation "
            "as known and is too narrow where days of a period share more than that. r: correlation of two days in a "
            "row."
        )
    notes.append(f"CI, {level} confidence interval. Tests of single people are not adjusted for their number.")
    return Table(
        identifier("people", f"{planned.name}-{compare}"),
        f"{planned.outcome_label}: {_pair(planned, compare)}, person by person",
        "Person",
        tuple(columns),
        (RowGroup("", rows),),
        tuple(Footnote(text) for text in notes),
        of_people=True,
    )


def _person(planned: PlannedAnalysis, compare: str, record: dict[Any, Any], days: DayNumbers) -> Row:
    at = address(planned, "", compare, record["person"])

    def interval(name: str, low: float, estimate: float, high: float) -> Cell:
        if estimate != estimate:
            return Cell(NONE)
        if low != low:
            return value_cell(planned, replace(at, term=f"{record['person']}, {name}"), estimate)
        return interval_cell(planned, replace(at, term=f"{record['person']}, {name}"), estimate, low, high)

    def p_cell(name: str, value: float) -> Cell:
        shown = cell("p_value", {"p_value": value}, replace(at, term=f"{record['person']}, {name}"))
        return Cell(NONE) if value != value else replace(shown, of_people=False)

    blocks = replace(cell("count", {"n": int(record["n_blocks"])}, at), of_people=False)
    cells = [
        blocks,
        interval("own effect", record["conf_low"], record["estimate"], record["conf_high"]),
        p_cell("randomisation", record["randomisation_p"]),
        interval("shrunken effect", record["shrunken_low"], record["shrunken"], record["shrunken_high"]),
    ]
    if days:
        estimate, low, high, rho = days.get(record["participant_id"], (float("nan"),) * 4)
        cells.append(interval("regression on days", low, estimate, high))
        named = replace(at, term=f"{record['person']}, correlation of days")
        cells.append(Cell(NONE) if rho != rho else plain_cell(named, rho, 2))
    return Row(record["person"], tuple(cells))


def _pair(planned: PlannedAnalysis, compare: str) -> str:
    return compared_arms(planned.study, (compare,), planned.against)


def _label(planned: PlannedAnalysis, treatment: str) -> str:
    return planned.study.label("arms", treatment)
