"""What is changing: control charts of all clinics and of each, with icons and their numbers."""

from __future__ import annotations

from coxa.audit.charts.chart import SHORT
from coxa.clinics.audit import Series
from coxa.clinics.measures.few_points import FEWEST_FOR_LIMITS, points_of_parts
from coxa.clinics.page.charts import clinics_figure, measures_figure
from coxa.clinics.page.icons import icons_figure, whose
from coxa.clinics.page.points import last_cells, last_point, shown_charts
from coxa.clinics.page.rare import rare_section
from coxa.clinics.page.seen import ALL, Seen, column, row
from coxa.clinics.page.words import ASSURANCES, MEASURES, VARIATIONS, series_label
from coxa.report.document import Block, FigureBlock, Paragraph, Section, TableBlock
from coxa.tables.cells import Cell
from coxa.tables.formats import NONE
from coxa.tables.table import Footnote, Row, RowGroup, Table, identifier

LEAD = (
    "A value moves from period to period by chance. A signal is what chance alone rarely does: a point outside the "
    "limits, seven points on one side of the mean or in one direction, or two of three points near a limit. The "
    "icons are of the last period. A chart of fewer than six points is a run chart: it has its median and no limits."
)
TRIAL = "Limits rest on"
"""How a warning of few points begins; the page counts those that are shown."""

OF_CLINICS = ("complete", "change")
"""Measures whose charts are shown of each clinic."""


def over_time_section(page: Seen) -> Section:
    """Return the icons, and the charts of all clinics together."""
    blocks: list[Block] = []
    reasons = {name: page.why(name) for name in ("series", *MEASURES)}
    blocks += [Paragraph(why, "warning") for why in dict.fromkeys(reasons.values()) if why]
    together = [one for one in shown_charts(page) if one.clinic == ALL]
    if page.audit.series:
        blocks.append(Paragraph(LEAD))
    if icons := icons_figure(page):
        blocks.append(FigureBlock(icons))
    if together:
        title = "All clinics together"
        blocks.append(FigureBlock(measures_figure(page, ALL, together, "charts-all", title)))
    blocks += [Paragraph(text) for text in _anew(page)]
    blocks = blocks or [Paragraph("There is no measure over time.", "warning")]
    rare = rare_section(page)
    return Section("over-time", "What is changing?", tuple(blocks), (rare,) if rare else ())


def over_time_detail(page: Seen) -> Section | None:
    """Return the charts of each clinic and the numbers of every chart; None where there is no chart."""
    charts = shown_charts(page)
    if not charts:
        return None
    blocks: list[Block] = []
    for measure in OF_CLINICS:
        found = [one for one in charts if one.measure == measure and one.clinic != ALL]
        if found:
            blocks.append(FigureBlock(clinics_figure(page, measure, found, identifier("charts", measure))))
    blocks.append(TableBlock(charts_table(page, charts)))
    return Section("over-time-detail", "Charts of each clinic", tuple(blocks), part="supplement")


def charts_table(page: Seen, charts: list[Series]) -> Table:
    """Return the last value of each chart with its limits, its numbers and its two icons, in words."""
    groups = []
    for measure, label in {one.measure: series_label(one) for one in charts}.items():
        rows = tuple(_row(page, one) for one in charts if one.measure == measure)
        groups += [RowGroup(label, rows)] if rows else []
    columns = (
        column("Last period"), column("Value"), column("Limits"), column("n"), column("Variation", "left"),
        column("Against target", "left"),
    )  # fmt: skip
    notes = (Footnote("n: patients, sessions or episodes of the last period."), *_warnings(charts))
    return page.noted(
        Table("charts", "The last point of every chart", "Measure and clinic", columns, tuple(groups), notes)
    )


def _row(page: Seen, one: Series) -> Row:
    value, limits, n = last_cells(page, one)
    variation, assurance = VARIATIONS.get(one.variation, ""), ASSURANCES.get(one.assurance or "", "")
    against = Cell(NONE) if one.assurance is None else page.word(assurance)
    signal = one.variation.startswith(("concern", "improvement"))
    period = Cell(str(last_point(one)["period"]))
    return row(whose(one.clinic), period, value, limits, n, page.word(variation), against, strong=signal)


def _anew(page: Seen) -> list[str]:
    """Return where charts are reckoned anew, and why."""
    return [
        f"{' and '.join(MEASURES[name] for name in one.measure)}: mean and limits are computed anew from "
        f"{one.start.isoformat()}. {one.because.rstrip('.')}."
        for one in page.audit.plan.recalculate
    ]


def _warnings(charts: list[Series]) -> tuple[Footnote, ...]:
    """Return how limits were reckoned, and of which charts a reader has to know something."""
    methods = dict.fromkeys(f"{series_label(one)}: {one.method.rstrip('.')}." for one in charts)
    of: dict[str, list[Series]] = {}
    for one in charts:
        for text in one.warnings:
            if not text.startswith(TRIAL):
                of.setdefault(text, []).append(one)
    told = [f"{_named(found, charts)}{text}" for text, found in of.items()]
    return tuple(map(Footnote, (*methods, *told, *_trial(charts))))


def _named(found: list[Series], charts: list[Series]) -> str:
    """Return which charts a note is on, as the start of it; empty where it is on all."""
    if len(found) == len(charts):
        return ""
    parts = []
    for measure in dict.fromkeys(one.measure for one in found):
        own = [one for one in found if one.measure == measure]
        every = len(own) == sum(one.measure == measure for one in charts)
        parts.append(series_label(own[0]) + ("" if every else f", {', '.join(whose(one.clinic) for one in own)}"))
    return f"{'; '.join(parts)}: "


def _trial(charts: list[Series]) -> list[str]:
    """Return which charts have limits that rest on few points, with the points that are shown."""
    few = [(one, n) for one in charts for n in points_of_parts(one) if FEWEST_FOR_LIMITS <= n < SHORT]
    listed = "; ".join(f"{series_label(one)}, {whose(one.clinic)} ({n})" for one, n in few)
    told = f"Limits that rest on fewer than {SHORT} points are trial limits (points in brackets): {listed}."
    return [told] if few else []
