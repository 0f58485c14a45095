"""The days of a location scale model: SDs by arm and their ratio next to the level, and how participants differ."""

from __future__ import annotations

import math
from collections.abc import Iterator

from coxa.analyses.methods.location_scale import fit_of
from coxa.figures.figure import Figure
from coxa.models import LocationScaleFit
from coxa.models.results.run import AnyFit
from coxa.report.document import Block, FigureBlock, TableBlock
from coxa.report.record import ReportRecord
from coxa.report.topics.analyses.results import INTERVAL, address, comparison_label, estimate_cell
from coxa.report.topics.diary.spread_figure import spread_figure
from coxa.study.comparative import PlannedAnalysis
from coxa.study.models.location_scale import LocationScale
from coxa.tables.formats import NONE, cell, number
from coxa.tables.records import Record, records
from coxa.tables.table import Cell, Column, Footnote, Row, RowGroup, Statistic, Table, identifier


def location_scale_blocks(report: ReportRecord, planned: PlannedAnalysis) -> list[Block]:
    """Return the table and the figure of the variability of days; none of another kind of model."""
    if not isinstance(planned.analysis, LocationScale):
        return []
    blocks: list[Block] = []
    for run in report.fits[planned.name]:
        blocks += [
            TableBlock(variability_table(report, planned, run)),
            FigureBlock(_figure(report, planned, run)),
        ]
    return blocks


def variability_table(report: ReportRecord, planned: PlannedAnalysis, run: AnyFit) -> Table:
    """Return SDs of days, their ratio, and how much participants differ in level and in variability, at one visit."""
    (visit,), fit = run.sample.visits, fit_of(run)
    rows = planned.rows(report.estimates.frame, "within_person_sd", "within_person_sd_ratio")
    mine = in_order(planned, records(rows[rows["visit"] == visit]))
    arms = tuple(_row(planned, one) for one in mine if not one["reference"])
    ratios = tuple(_row(planned, one) for one in mine if one["reference"])
    return Table(
        identifier("variability", planned.name, visit),
        f"{planned.outcome_label} {planned.at(visit)}: how variable the days of a participant are",
        "Quantity",
        (Column("Estimate (CI)"), Column("p"), Column("n")),
        (
            RowGroup("SD of the days of an average participant", arms),
            RowGroup("Ratio of these", ratios),
            RowGroup("Participants", tuple(_participants(planned, fit, visit))),
        ),
        tuple(map(Footnote, _notes(planned, fit))),
    )


def in_order(planned: PlannedAnalysis, rows: list[Record]) -> list[Record]:
    """Return rows of arms in the order of the plan, the reference first."""
    order = list(planned.study.treatment_order)
    return sorted(rows, key=lambda one: order.index(str(one["arm"])))


def _row(planned: PlannedAnalysis, record: Record) -> Row:
    study = planned.study
    label = comparison_label(study, record) if record["reference"] else study.label("arms", record["arm"])
    return Row(
        label,
        (
            estimate_cell("two_decimals_interval", record, *INTERVAL),
            estimate_cell("p_value", record, "p_value") if record["reference"] else Cell(NONE),
            cell("count", {"n": int(record["n_participants"])}, address(record)),
        ),
    )


def _participants(planned: PlannedAnalysis, fit: LocationScaleFit, visit: str) -> Iterator[Row]:
    """Yield how participants differ: spread of the level, random scale and its correlation with the level."""
    limits, params = fit.conf_int(), fit.params

    def at(term: str) -> Statistic:
        return Statistic("", math.nan, planned.estimand_name, planned.name, term, visit)

    names = [name for name in params.index if name.startswith("between: ")]
    if len(names) == 1:
        low, high = (math.exp(float(limits[end][names[0]]) / 2.0) for end in ("conf_low", "conf_high"))
        values = {"estimate": math.exp(float(params[names[0]]) / 2.0), "conf_low": low, "conf_high": high}
        given = ", given the covariates" if planned.analysis.names_used() else ""
        yield Row(f"SD of the level between participants{given}", (_interval(values, at("SD between")), *_none()))
    for name, label in (
        ("scale: sd", "SD between participants of the logarithm of the variance"),
        ("scale: correlation", "Correlation of this with the level"),
    ):
        if name in params.index:
            ends = {end: float(limits[end][name]) for end in ("conf_low", "conf_high")}
            values = {"estimate": float(params[name]), **ends}
            yield Row(label, (_interval(values, at(name)), *_none()))


def _interval(values: dict[str, float], at: Statistic) -> Cell:
    return cell("two_decimals_interval", values, at)


def _none() -> tuple[Cell, Cell]:
    return Cell(NONE), Cell(NONE)


def _notes(planned: PlannedAnalysis, fit: LocationScaleFit) -> Iterator[str]:
    each = number(fit.n_days / fit.n_participants, 1)
    yield f"{fit.n_days:,} days of {fit.n_participants:,} participants, {each} each on average."
    if not fit.random_scale:
        yield "Participants do not differ in their variance in this model."
    yield from (f"{text[:1].upper()}{text[1:]}." for text in fit.warnings)
    scale = planned.scale
    yield (
        f"Near an end of the scale ({scale.low:g} or {scale.high:g} {scale.unit}) days have less room to vary, so that "
        "a difference in level may be a part of a difference in variability. CI, confidence interval. SD, standard "
        "deviation."
    )


def _figure(report: ReportRecord, planned: PlannedAnalysis, run: AnyFit) -> Figure:
    (visit,), fit = run.sample.visits, fit_of(run)
    rows = planned.rows(report.estimates.frame, "within_person_sd")
    arms = {
        planned.study.label("arms", one["arm"]): (
            float(one["estimate"]),
            float(one["conf_low"]),
            float(one["conf_high"]),
        )
        for one in in_order(planned, records(rows[rows["visit"] == visit]))
    }
    return spread_figure(
        identifier("variability-sd", planned.name, visit),
        f"{planned.outcome_label} {planned.at(visit)}: SD of a participant's days",
        arms,
        float(fit.params["scale: sd"]) if fit.random_scale else 0.0,
        planned.scale.unit,
        fit.conf_level,
    )
