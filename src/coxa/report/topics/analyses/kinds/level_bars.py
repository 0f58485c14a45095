"""Levels of an ordered outcome as bars, from the lowest to the highest, one bar for each arm at each visit."""

from __future__ import annotations

from typing import Any

import pandas as pd

from coxa.figures.figure import Figure
from coxa.figures.theme import INK, TEXT_SIZE, WIDTH, options, themed, told
from coxa.study.comparative import PlannedAnalysis
from coxa.tables.formats import number
from coxa.tables.records import records
from coxa.tables.table import identifier

LOWEST, MIDDLE, HIGHEST = "#D55E00", "#F2EFE9", "#0072B2"
"""Ends and middle of the colours of levels: Okabe and Ito's vermillion and blue, which differ in lightness too."""

STEP = 34
"""Height of a bar with its gap."""

WIDE = 0.06
"""Share of a bar from which its percentage is written into it."""

DARK = 0.62
"""Lightness of a colour below which a text on it is white."""


def level_bars(planned: PlannedAnalysis, counts: pd.DataFrame) -> Figure:
    """Draw the share of each level in each arm, as a bar of parts from the lowest to the highest.

    Parameters
    ----------
    planned
        The analysis, for labels.
    counts
        visit, arm, level, n, total, share; from `level_counts`.
    """
    study = planned.study
    levels = dict(getattr(planned.outcome, "levels", None) or {})
    labelled = counts[counts["total"] > 0].assign(
        arm_label=lambda rows: [study.label("arms", arm) for arm in rows["arm"]],
        visit_label=lambda rows: [study.label("visits", visit) for visit in rows["visit"]],
        level_label=lambda rows: [levels[level] for level in rows["level"]],
    )
    colours = colours_of(len(levels), lowest_is_better=not planned.scale.higher_is_better)
    return Figure(
        identifier("levels-bars", planned.name),
        study.words.say(f"{planned.outcome_label}: share of each level by {{arm}}"),
        lambda _: themed(_chart(labelled, list(levels.values()), colours)),
        _text(labelled),
        counts,
    )


def colours_of(n: int, *, lowest_is_better: bool) -> list[str]:
    """Return a colour for each level, from the worst end in vermillion over a light middle to the best end in blue.

    Examples
    --------
    >>> colours_of(3, lowest_is_better=False)
    ['#D55E00', '#F2EFE9', '#0072B2']
    """
    mixed = []
    for k in range(n):
        place = k / (n - 1)
        ends = (LOWEST, MIDDLE, 2 * place) if place <= 0.5 else (MIDDLE, HIGHEST, 2 * place - 1)
        mixed.append(_between(*ends))
    return mixed[::-1] if lowest_is_better else mixed


def _between(first: str, last: str, place: float) -> str:
    pairs = [(int(first[k : k + 2], 16), int(last[k : k + 2], 16)) for k in (1, 3, 5)]
    return "#" + "".join(f"{round(a + (b - a) * place):02X}" for a, b in pairs)


def _lightness(colour: str) -> float:
    red, green, blue = (int(colour[k : k + 2], 16) / 255 for k in (1, 3, 5))
    return 0.299 * red + 0.587 * green + 0.114 * blue


def _chart(labelled: pd.DataFrame, levels: list[str], colours: list[str]) -> Any:
    """Draw a panel for each visit, with a bar for each arm."""
    import altair as alt

    visits = list(dict.fromkeys(labelled["visit_label"]))
    drawn = labelled.assign(
        upto=labelled.groupby(["visit_label", "arm_label"], sort=False)["share"].cumsum(),
        ink=[INK if _lightness(colours[levels.index(one)]) > DARK else "#ffffff" for one in labelled["level_label"]],
        percent=[f"{100 * share:.0f}%" if share >= WIDE else "" for share in labelled["share"]],
    )
    drawn = drawn.assign(since=drawn["upto"] - drawn["share"], middle=drawn["upto"] - drawn["share"] / 2)
    parts = [
        _of_visit(drawn[drawn["visit_label"] == visit], visit, levels, colours, place if len(visits) > 1 else None)
        for place, visit in enumerate(visits)
    ]
    return alt.vconcat(*parts, spacing=16)


def _of_visit(rows: pd.DataFrame, visit: str, levels: list[str], colours: list[str], place: int | None) -> Any:
    """Draw the bars of a visit, with its title where there are several, by its place among these.

    The percentages keep their ink, which the page gives to other texts of figures: their marks are `on_colour`.
    """
    import altair as alt

    arms = list(dict.fromkeys(rows["arm_label"]))
    y = alt.Y("arm_label:N", sort=arms, title=None, axis=options(ticks=False, domain=False, labelPadding=10))
    x = alt.X("since:Q", title="Share of participants", axis=options(format="%", tickCount=5),
              scale=options(domain=[0, 1], nice=False))  # fmt: skip
    legend = options(columns=4, symbolType="square", symbolStrokeWidth=1, symbolStrokeColor=INK)
    colour = alt.Color("level_label:N", sort=levels, scale=options(domain=levels, range=colours), legend=legend)
    seen = told(Arm="arm_label", Level="level_label", n="n", of="total")
    bars = alt.Chart(rows).mark_bar(stroke=INK, strokeWidth=0.4)
    bars = bars.encode(x=x, x2=alt.X2("upto:Q"), y=y, color=colour, tooltip=seen)
    ink = alt.Color("ink:N", scale=None, legend=None)
    texts = alt.Chart(rows).mark_text(fontSize=TEXT_SIZE - 2)
    texts = texts.encode(x=alt.X("middle:Q"), y=y, text=alt.Text("percent:N"), color=ink)
    texts = texts.properties(name="on_colour" if place is None else f"on_colour_{place}")
    layers = alt.layer(bars, texts).resolve_scale(color="independent")
    title = alt.Title(visit, fontSize=TEXT_SIZE, fontWeight="normal", color=INK, anchor="start")
    sized = layers.properties(width=WIDTH, height=STEP * len(arms))
    return sized if place is None else sized.properties(title=title)


def _text(labelled: pd.DataFrame) -> str:
    """Say the share of each level in each arm."""
    said = ["Bars: share of participants with each level, from the lowest to the highest."]
    for (visit, arm), rows in labelled.groupby(["visit_label", "arm_label"], sort=False):
        parts = [f"{row['level_label']} {number(100 * row['share'], 1)}%" for row in records(rows)]
        said.append(f"{visit}, {arm} (n = {int(rows['total'].iloc[0])}): {', '.join(parts)}.")
    return " ".join(said)
