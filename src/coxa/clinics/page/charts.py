"""Control charts as panels: a measure of all clinics, or one measure of each clinic."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from coxa.clinics.audit import Series
from coxa.clinics.page.icons import whose
from coxa.clinics.page.points import last_cells, last_point
from coxa.clinics.page.seen import Seen
from coxa.clinics.page.words import ASSURANCES, MEASURES, VARIATIONS, is_share, series_label
from coxa.figures.composed import concat, layer
from coxa.figures.figure import Figure, literal
from coxa.figures.theme import GREY, INK, OKABE_ITO, RULE, TEXT_SIZE, options, themed, told
from coxa.tables.prose import Prose, joined, prose

KINDS = {
    "common cause": ("circle", GREY),
    "improvement": ("diamond", OKABE_ITO[0]),
    "concern": ("square", OKABE_ITO[1]),
    "neutral": ("triangle-up", OKABE_ITO[3]),
}
"""Class of a point -> shape and colour."""

LEGEND = (
    "Band: limits; thin line: mean, or median where there are no limits; dashed line: target. Diamonds (blue): "
    "improvement; squares (orange): concern; triangles (purple): change without a direction; circles: no signal."
)
GAP = " A period that is hidden has no point."
COLUMNS = ["measure", "clinic", "period", "n", "value", "centre", "low", "high", "kind"]


def measures_figure(page: Seen, unit: str, charts: Sequence[Series], figure_id: str, title: str) -> Figure:
    """Draw the measures of one unit, a panel for each."""
    names = [series_label(one) for one in charts]
    return _panels(
        page, charts, names, figure_id, f"{title}. {LEGEND}{GAP if page.note else ''}", f"{whose(unit)}.", (250, 150, 2)
    )


def clinics_figure(page: Seen, measure: str, charts: Sequence[Series], figure_id: str) -> Figure:
    """Draw one measure of each clinic, a panel for each, all on one scale."""
    title = f"{MEASURES[measure]}, by clinic. {LEGEND}{GAP if page.note else ''}"
    names = [whose(one.clinic) for one in charts]
    return _panels(page, charts, names, figure_id, title, f"{MEASURES[measure]}.", (175, 110, 3), one_scale=True)


def _panels(page: Seen, charts: Sequence[Series], names: Sequence[str], figure_id: str, title: str, said: str,
            size: tuple[int, int, int], one_scale: bool = False) -> Figure:  # fmt: skip
    data = pd.concat([_frame(one) for one in charts], ignore_index=True)
    words = joined(" ", [said, *(_words(page, one, name) for one, name in zip(charts, names, strict=True))])
    scale = _domain(data) if one_scale and len(data) else None

    def draw(_: Any) -> Any:

        drawn = [
            _panel(_frame(one), one, name, size, scale)
            for place, (one, name) in enumerate(zip(charts, names, strict=True))
        ]
        return themed(concat(*drawn, columns=size[2], spacing={"row": 48, "column": 52}, align="all", bounds="flush"))

    return Figure(figure_id, title, draw, words, data[COLUMNS])


def _frame(series: Series) -> pd.DataFrame:
    """Return the points of a series; a count as a whole number, and nothing of a hidden point."""
    whole = series.frame.assign(measure=series_label(series), clinic=whose(series.clinic))[[*COLUMNS, "part"]]
    whole = whole.assign(n=pd.array(whole["n"].to_numpy(dtype=float), dtype="Int64"))
    shown = whole["value"].notna()
    return whole.assign(run=(~shown).cumsum()).loc[shown].reset_index(drop=True)


def _domain(data: pd.DataFrame) -> list[float]:
    numbers = data[["value", "low", "high"]]
    return [float(f"{end:.3g}") for end in (numbers.min().min(), numbers.max().max())]


def _words(page: Seen, one: Series, name: str) -> Prose:
    """Say the last value of a chart with its limits, and what it shows."""
    value, limits, n = last_cells(page, one)
    shows = [VARIATIONS.get(one.variation, ""), ASSURANCES.get(one.assurance or "", "")]
    shown = ", ".join(part.lower() for part in shows if part) or "hidden"
    return prose(f"{name}, {last_point(one)['period']}: ", value, ", limits ", limits, ", n ", n, f", {shown}.")


def _panel(data: pd.DataFrame, one: Series, name: str, size: tuple[int, int, int], scale: list[float] | None) -> Any:
    """Draw a chart: the band of its limits, mean, target, values, and signals by shape and colour."""
    import altair as alt

    periods = list(dict.fromkeys(one.frame["period"]))
    shown = [periods[0], periods[len(periods) // 2], periods[-1]] if len(periods) > 2 else periods
    x = alt.X("period:O", title=None, sort=periods, scale=options(domain=periods),
              axis=options(labelExpr=_only(shown), labelAngle=0, labelFontSize=11, labelOverlap=False))  # fmt: skip
    percent = is_share(one)
    axis = options(format="%", tickCount=4, labelFontSize=11) if percent else options(tickCount=4, labelFontSize=11)
    at = options(zero=False, domain=scale) if scale else options(zero=False)
    y = alt.Y("value:Q", title=None, scale=at, axis=axis)
    base = alt.Chart(data)
    band = base.mark_rect(color=RULE, opacity=0.2).encode(
        x=x, y=alt.Y("low:Q", title=None, scale=at, axis=axis), y2="high:Q"
    )
    centre = base.mark_line(color=RULE, strokeWidth=1, interpolate="step").encode(
        x=x, y=alt.Y("centre:Q", title=None, scale=at, axis=axis), detail="part:N"
    )
    values = base.mark_line(color=GREY, strokeWidth=1.3).encode(x=x, y=y, detail="run:N")
    shapes, colours = (options(domain=list(KINDS), range=[look[place] for look in KINDS.values()]) for place in (0, 1))
    points = base.mark_point(filled=True, opacity=1, size=46 if size[0] > 200 else 34).encode(
        x=x, y=y, tooltip=told(Period="period", n="n", Shows="kind"),
        shape=alt.Shape("kind:N", legend=None, scale=shapes), color=alt.Color("kind:N", legend=None, scale=colours),
    )  # fmt: skip
    layers = [band, centre, *_target(one, y), values, points]
    title = alt.Title(
        name, fontSize=TEXT_SIZE, fontWeight="normal", color=INK, anchor="start", frame="group", limit=size[0]
    )
    return layer(*layers, width=size[0], height=size[1], title=title)


def _only(periods: Sequence[str]) -> str:
    """Return an expression of the label of a period: of those given its name, of others nothing."""
    return f"indexof({literal(list(periods))}, datum.value) >= 0 ? datum.label : ''"


def _target(one: Series, y: Any) -> list[Any]:
    if one.target is None:
        return []
    import altair as alt

    rule = alt.Chart(pd.DataFrame({"value": [one.target]})).mark_rule(color=GREY, strokeDash=[5, 4], strokeWidth=1)
    return [rule.encode(y=y)]
