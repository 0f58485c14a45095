"""Differences over a modifier: a curve with its limits and its band, the tests, and a table of some values."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pandas as pd

from coxa.estimates.table import subgroup_in
from coxa.figures.figure import Figure
from coxa.figures.theme import INK, OKABE_ITO, RULE, WIDTH, options, themed
from coxa.report.document import Block, FigureBlock, TableBlock
from coxa.report.record import ReportRecord
from coxa.report.topics.analyses.results import INTERVAL, estimate_cell
from coxa.report.topics.analyses.written import compared_heading
from coxa.sentences import mid_sentence
from coxa.simulate.truth import Truth
from coxa.study.comparative import PlannedAnalysis
from coxa.study.wording import side_label
from coxa.tables.formats import NONE, number
from coxa.tables.phrases import sentence_case
from coxa.tables.records import Record, records
from coxa.tables.table import Cell, Column, Footnote, Row, RowGroup, Table, identifier

HEIGHT = 240
PLANTED = "Planted: the true difference, by which this simulated trial was drawn."
UNKNOWN = (
    "The difference that this simulated trial was drawn by is not known over this modifier: it has no closed form."
)

EVERY = 5
"""Of the values of a curve, which are in the table."""

TESTS = {
    "modifier_test": "The difference is the same at all values",
    "curvature_test": "It changes along a straight line",
}


def modifier_blocks(report: ReportRecord, planned: PlannedAnalysis) -> Iterator[Block]:
    """Yield the curve of each modifier at each visit and comparison, and its table."""
    frame = report.estimates.frame
    mine = frame[frame["analysis"].str.startswith(f"{planned.name}[")]
    mine = mine.assign(at=[subgroup_in(text) for text in mine["analysis"]])
    for name in planned.analysis.option("modifiers", ()):
        rows = mine[mine["at"].str.startswith(f"{name}=")]
        curves = rows[rows["term"].isin(["difference_at_value", "band_at_value"])]
        curves = curves.assign(value=pd.to_numeric(curves["at"].str.partition("=")[2]))
        if curves.empty:
            continue
        curves = curves.assign(planted=_planted(report.truth, planned, name, curves))
        for (visit, arm), part in curves.groupby(["visit", "arm"], sort=False):
            yield FigureBlock(_figure(planned, name, str(visit), str(arm), part))
        simulated = report.truth is not None and bool(report.truth.curves)
        yield TableBlock(_table(planned, name, curves, rows[rows["term"].isin(TESTS)], simulated=simulated))


def _planted(truth: Truth | None, planned: PlannedAnalysis, name: str, curves: pd.DataFrame) -> pd.Series:
    """Return the planted difference at each value of a simulated trial; NaN where it is not known."""
    found = pd.Series(np.nan, index=curves.index)
    for (visit, arm), part in curves.groupby(["visit", "arm"], sort=False):
        curve = truth.curve(planned.estimand_name, name, str(arm), str(visit)) if truth is not None else None
        if curve is not None and curve.reference == planned.against:
            found.loc[part.index] = curve.at(part["value"].tolist())
    return found


def modifier_label(planned: PlannedAnalysis, name: str) -> str:
    """Return what a modifier is called."""
    return f"{planned.outcome_label} at baseline" if name == "baseline" else planned.study.label("covariates", name)


def modifier_words(planned: PlannedAnalysis, name: str) -> str:
    """Return what a modifier is called inside a sentence."""
    label = modifier_label(planned, name)
    return label if name == "baseline" else mid_sentence(label)


def _with_unit(planned: PlannedAnalysis, name: str) -> str:
    unit = planned.unit if name == "baseline" else getattr(planned.study.covariates[name], "unit", "")
    return f"{modifier_label(planned, name)}{f' ({unit})' if unit else ''}"


def _heading(planned: PlannedAnalysis, visit: str, arm: str) -> str:
    study = planned.study
    sides = f"{side_label(study, arm)} minus {side_label(study, planned.against)}"
    return f"{sides}, {study.label('visits', visit)}" if visit else sides


def _table(planned: PlannedAnalysis, name: str, curves: pd.DataFrame, tests: pd.DataFrame, *, simulated: bool) -> Table:
    groups, known = [], bool(curves["planted"].notna().any())
    for (visit, arm), part in curves.groupby(["visit", "arm"], sort=False):
        band = part[part["term"] == "band_at_value"].set_index("value")
        own = part[part["term"] == "difference_at_value"].iloc[::EVERY]
        rows = [
            _row(planned, record, records(band.loc[[record["value"]]].reset_index())[0], known)
            for record in records(own)
        ]
        mine = tests[(tests["visit"] == visit) & (tests["arm"] == arm)]
        rows += [_test(record, known) for record in records(mine)]
        groups.append(RowGroup(_heading(planned, str(visit), str(arm)), tuple(rows)))
    notes = (
        *([PLANTED] if known else [UNKNOWN] if simulated else []),
        "Values between the 5th and the 95th percentile. CI, confidence interval of one value by itself; band, limits "
        "for all values together.",
        "F tests of the model with the curve. One model of all values; other covariates at their means.",
    )
    return Table(
        identifier("modifier", name, planned.name),
        f"{planned.outcome_label}: differences over {modifier_words(planned, name)}",
        _with_unit(planned, name),
        (Column(compared_heading([planned])), Column("Band"), Column("p"), *([Column("Planted")] if known else [])),
        tuple(groups),
        tuple(map(Footnote, notes)),
    )


def _row(planned: PlannedAnalysis, record: Record, band: Record, known: bool) -> Row:
    decimals = planned.decimals
    own = estimate_cell("estimate_interval", record, *INTERVAL, decimals=decimals)
    whole = estimate_cell("limits", band, "conf_low", "conf_high", decimals=decimals)
    planted = float(record["planted"])
    last = [Cell(number(planted, decimals) if np.isfinite(planted) else NONE)] if known else []
    return Row(number(float(record["value"]), 1), (own, whole, Cell(NONE), *last))


def _test(record: Record, known: bool) -> Row:
    cells = (Cell(NONE), Cell(NONE), estimate_cell("p_value", record, "p_value"))
    return Row(TESTS[record["term"]], (*cells, *([Cell(NONE)] if known else [])), strong=True)


def _figure(planned: PlannedAnalysis, name: str, visit: str, arm: str, rows: pd.DataFrame) -> Figure:
    own = rows[rows["term"] == "difference_at_value"].set_index("value")
    band = rows[rows["term"] == "band_at_value"].set_index("value")
    data = pd.DataFrame(
        {
            "value": own.index,
            "estimate": own["estimate"].to_numpy(),
            "conf_low": own["conf_low"].to_numpy(),
            "conf_high": own["conf_high"].to_numpy(),
            "band_low": band["conf_low"].to_numpy(),
            "band_high": band["conf_high"].to_numpy(),
        }
    )
    known = bool(own["planted"].notna().any())
    if known:
        data["planted"] = own["planted"].to_numpy()
    quantity = sentence_case(planned.effect.words) + (f" ({planned.unit})" if planned.unit else "")

    def draw(_: Sequence[str]) -> Any:
        import altair as alt

        base = alt.Chart(data, width=WIDTH, height=HEIGHT)
        x = alt.X("value:Q", title=_with_unit(planned, name), scale=options(zero=False, nice=False))
        wide = base.mark_area(opacity=0.15, color=OKABE_ITO[0]).encode(
            x=x, y=alt.Y("band_low:Q", title=quantity), y2="band_high:Q"
        )
        narrow = base.mark_area(opacity=0.3, color=OKABE_ITO[0]).encode(x=x, y="conf_low:Q", y2="conf_high:Q")
        line = base.mark_line(color=OKABE_ITO[0], strokeWidth=2.5).encode(x=x, y="estimate:Q")
        zero = alt.Chart(data.iloc[:1].assign(zero=0.0)).mark_rule(color=RULE, strokeDash=[4, 3]).encode(y="zero:Q")
        last = alt.Chart(data.iloc[[-1]].assign(text="band for all values"))
        label = last.mark_text(align="right", dy=-8, color=INK).encode(x="value:Q", y="band_high:Q", text="text:N")
        layers = [wide, narrow, zero, line, label]
        if known:
            shown = alt.Chart(data.dropna(subset="planted"))
            layers.append(
                shown.mark_line(color=OKABE_ITO[1], strokeDash=[6, 4], strokeWidth=2).encode(x=x, y="planted:Q")
            )
            third = data.dropna(subset="planted").iloc[[data["planted"].notna().sum() // 3]].assign(text="planted")
            over = bool((third["planted"] > third["estimate"]).iloc[0])
            text = alt.Chart(third).mark_text(dy=-9 if over else 11, color=INK)
            layers.append(text.encode(x="value:Q", y="planted:Q", text="text:N"))
        return themed(alt.layer(*layers).properties(width=WIDTH, height=HEIGHT))

    ends = [
        f"{number(row['estimate'], planned.decimals)} (band {number(row['band_low'], planned.decimals)} to "
        f"{number(row['band_high'], planned.decimals)}) at {number(row['value'], 1)}"
        for row in data.iloc[[0, len(data) // 2, -1]].to_dict("records")
    ]
    words = (
        f"Curve: {quantity} over {modifier_words(planned, name)}, {_heading(planned, visit, arm)}. {'; '.join(ends)}."
    )
    title = (
        f"{planned.outcome_label}: difference over {modifier_words(planned, name)}, {_heading(planned, visit, arm)}, "
        f"with limits at each value and a band for all values{'; dashed: what was planted' if known else ''}"
    )
    return Figure(
        identifier("modifier-curve", name, planned.name, visit, arm),
        title,
        draw,
        words,
        data,
        along=("value",),
        of_people=True,
    )
