"""The figure of looks: boundaries of the statistic over the information, and the statistics that were seen."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from coxa.analyses.tested import Conclusions
from coxa.figures.composed import concat, layer
from coxa.figures.figure import Figure
from coxa.figures.theme import GREY, INK, OKABE_ITO, options, themed
from coxa.report.topics.hypotheses.tables import planned_of
from coxa.sentences import join_words
from coxa.study.comparative import ComparativeStudy
from coxa.study.margin import claim_words
from coxa.study.tested import hypothesis_label
from coxa.tables.formats import number

WIDTH, HEIGHT = 250, 220
SERIES = {"seen": "Statistic", "upper": "Boundary for the claim", "futility": "Boundary for futility"}
SHAPES = ("circle", "triangle-down", "triangle-up")
COLOURS = (OKABE_ITO[0], OKABE_ITO[1], GREY)


def plot_boundaries(study: ComparativeStudy, found: Conclusions) -> Figure:
    """Draw the boundaries of each hypothesis at its share of the level, with its statistics at the looks.

    Parameters
    ----------
    study
        The plan, for labels.
    found
        What its hypotheses show.
    """
    data = boundary_rows(study, found)
    names = list(dict.fromkeys(data["hypothesis"]))
    towards = {
        hypothesis_label(study, name): "towards a benefit"
        if planned_of(study, name).analysis.margin is None
        else "from the margin"
        for name in found.of
    }

    def draw(_: Sequence[str]) -> Any:
        low = min(0.0, float(data["z"].min())) - 0.3
        high = min(float(data["z"].max()), 6.0) + 0.3
        panels = [
            _panel(data[data["hypothesis"] == name], name, (low, high), f"Z, {towards[name]}", len(names) > 1)
            for name in names
        ]
        return themed(concat(*panels, columns=2) if len(panels) > 1 else panels[0])

    words = " ".join(_words(data))
    claims = dict.fromkeys(claim_words(planned_of(study, name)).removeprefix("a ") for name in found.of)
    for_what = f"for {join_words(list(claims))}"
    title = (
        f"Statistics at the looks (circles) with the boundaries {for_what} (triangles down, dashed)"
        + (" and for futility (triangles up, dotted)" if (data["series"] == SERIES["futility"]).any() else "")
        + ", at the share of the level that each hypothesis has"
    )
    return Figure("hypotheses-boundaries", title, draw, words, data, along=("fraction",))


def boundary_rows(study: ComparativeStudy, found: Conclusions) -> pd.DataFrame:
    """Return the points of the figure: hypothesis, series, look, fraction, z."""
    rows = []
    for name, one in found.of.items():
        label = hypothesis_label(study, name)
        fractions = one.design.fractions if one.design else [look.fraction for look in found.looks]
        rows += [
            (label, SERIES["seen"], look.look, fraction, look.seen[name].z)
            for look, fraction in zip(found.looks, fractions, strict=False)
        ]
        if one.design:
            looks = enumerate(zip(one.design.fractions, one.design.upper, one.design.futility, strict=True), start=1)
            for look, (fraction, upper, futility) in looks:
                rows.append((label, SERIES["upper"], look, fraction, upper))
                if np.isfinite(futility):
                    rows.append((label, SERIES["futility"], look, fraction, futility))
    return pd.DataFrame(rows, columns=["hypothesis", "series", "look", "fraction", "z"])


def _panel(rows: pd.DataFrame, name: str, span: tuple[float, float], towards: str, titled: bool) -> Any:
    """Draw the looks of one hypothesis."""
    import altair as alt

    shown = list(SERIES.values())
    x = alt.X("fraction:Q", title="Share of the information", scale=options(domain=[0, 1.05], nice=False))
    y = alt.Y("z:Q", title=towards, scale=options(domain=list(span), nice=False, clamp=True))
    colour = alt.Color("series:N", scale=options(domain=shown, range=list(COLOURS)), legend=None)
    dash = alt.StrokeDash("series:N", scale=options(domain=shown, range=[[1, 0], [6, 3], [2, 2]]), legend=None)
    shape = alt.Shape("series:N", scale=options(domain=shown, range=list(SHAPES)), legend=None)
    base = alt.Chart(rows)
    lines = base.mark_line(strokeWidth=2).encode(x=x, y=y, color=colour, strokeDash=dash)
    points = base.mark_point(filled=True, size=70).encode(x=x, y=y, color=colour, shape=shape)
    zero = alt.Chart(pd.DataFrame({"z": [0.0]})).mark_rule(color=GREY, strokeWidth=1).encode(y="z:Q")
    heading = {"title": {"text": name, "fontSize": 13, "fontWeight": "normal", "color": INK}} if titled else {}
    return layer(zero, lines, points, width=WIDTH if titled else 2 * WIDTH, height=HEIGHT, **heading)


def _words(data: pd.DataFrame) -> list[str]:
    """Say what each panel shows."""
    said = []
    for name, mine in data.groupby("hypothesis", sort=False):
        parts = [
            f"{str(series).lower()} {', '.join(number(z, 2) for z in rows['z'])}"
            for series, rows in mine.groupby("series", sort=False)
        ]
        said.append(f"{name!s}: {'; '.join(parts)}, at the looks in order.")
    return said
