"""Funnel plot, and Baujat's plot of what each trial does."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from coxa.figures.composed import layer
from coxa.figures.figure import Figure
from coxa.figures.theme import GREY, INK, OKABE_ITO, RULE, TEXT_SIZE, options, themed, told
from coxa.meta.review.run import Review
from coxa.meta.shown.written import Written
from coxa.tables.cells import Cell
from coxa.tables.formats import write
from coxa.tables.prose import Prose, joined, prose

WIDTH, HEIGHT = 460, 300


def funnel_figure(review: Review) -> Figure:
    """Draw the estimate of each trial over its standard error, and the lines within which chance alone keeps them."""
    written, pooled = Written(review.plan), review.main.pooled
    frame = _points(review)
    filled = review.filled
    if filled is not None and filled.k0:
        more = pd.DataFrame({"label": "filled in", "estimate": filled.estimate, "std_error": np.sqrt(filled.variance)})
        frame = pd.concat([frame, more.assign(kind="filled in")], ignore_index=True)
    frame = frame.assign(shown=[written.show(value) for value in frame["estimate"]])
    reach = pooled.quantile(float("inf"))
    widest = float(frame["std_error"].max()) * 1.1
    errors = np.array([0.0, widest])
    sides = [
        pd.DataFrame({"std_error": errors, "shown": [written.show(pooled.estimate + way * reach * x) for x in errors]})
        for way in (-1, 0, 1)
    ]

    def draw(_: Sequence[str]) -> Any:
        import altair as alt

        kind = {"type": "log"} if written.is_ratio else {}
        x = alt.X("shown:Q", title=written.measure.capitalize(), scale=options(zero=False, nice=True, **kind),
                  axis=options(tickCount=6, grid=False))  # fmt: skip
        y = alt.Y("std_error:Q", title="Standard error", scale=options(domain=[widest, 0], nice=False),
                  axis=options(tickCount=5, grid=False))  # fmt: skip
        lines = [
            alt.Chart(side)
            .mark_line(color=RULE, strokeDash=[1, 0] if place == 1 else [4, 3], strokeWidth=1)
            .encode(x=x, y=y)
            for place, side in enumerate(sides)
        ]
        trials, hollow = frame[frame["kind"] == "trial"], frame[frame["kind"] != "trial"]
        points = alt.Chart(trials).mark_point(filled=True, size=70, opacity=1, color=OKABE_ITO[0]).encode(
            x=x, y=y, tooltip=told(Trial="label"))  # fmt: skip
        empty = alt.Chart(hollow).mark_point(size=70, opacity=1, color=GREY).encode(x=x, y=y)
        names = alt.Chart(trials).mark_text(align="left", dx=8, fontSize=TEXT_SIZE - 2, color=INK).encode(
            x=x, y=y, text="label:N")  # fmt: skip
        return themed(layer(*lines, points, *([empty] if len(hollow) else []), names, width=WIDTH, height=HEIGHT))

    title = "Funnel plot: estimate and standard error of each trial"
    if filled is not None and filled.k0:
        title += "; hollow: filled in by trim and fill"
    kept = frame[["label", "kind", "estimate", "std_error"]]
    return Figure("funnel", title, draw, _said("Points", frame, ("shown", "std_error"), written.decimals), kept)


def baujat_figure(review: Review) -> Figure:
    """Draw what each trial adds to the heterogeneity, and how far it moves the common effect."""
    assert review.influence is not None
    data = review.influence.assign(label=[review.trial_label(trial) for trial in review.trials])
    frame = data[["label", "heterogeneity", "influence"]]

    def draw(_: Sequence[str]) -> Any:
        import altair as alt

        x = alt.X("heterogeneity:Q", title="Part of the heterogeneity (Q)", scale=options(zero=True, nice=True),
                  axis=options(tickCount=6, grid=False))  # fmt: skip
        y = alt.Y("influence:Q", title="Influence on the common effect", scale=options(zero=True, nice=True),
                  axis=options(tickCount=5, grid=False))  # fmt: skip
        base = alt.Chart(frame)
        points = base.mark_point(filled=True, size=70, opacity=1, color=OKABE_ITO[0]).encode(
            x=x, y=y, tooltip=told(Trial="label"))  # fmt: skip
        names = base.mark_text(align="left", dx=8, fontSize=TEXT_SIZE - 2, color=INK).encode(x=x, y=y, text="label:N")
        return themed(layer(points, names, width=WIDTH, height=HEIGHT * 0.8))

    title = "Baujat plot: what each trial adds to heterogeneity, and how far it moves the common effect"
    return Figure("baujat", title, draw, _said("Points", frame, ("heterogeneity", "influence"), 2), frame)


def _points(review: Review) -> pd.DataFrame:
    pooled = review.main.pooled
    labels = [review.trial_label(trial) for trial in review.trials]
    return pd.DataFrame({"label": labels, "estimate": pooled.y, "std_error": np.sqrt(pooled.v), "kind": "trial"})


def _said(start: str, frame: pd.DataFrame, columns: tuple[str, str], decimals: int) -> Prose:
    rows = [
        prose(f"{label} (", Cell(write("estimate", {"estimate": first}, decimals)), ", ",
              Cell(write("estimate", {"estimate": second}, 2)), ")")
        for label, first, second in zip(frame["label"], frame[columns[0]], frame[columns[1]], strict=True)
    ]  # fmt: skip
    return prose(f"{start}: ", joined("; ", rows), ".")
