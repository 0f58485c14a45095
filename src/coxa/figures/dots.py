"""Dots with intervals: a row for each thing that is described, a dot for each arm, a panel for each visit."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from coxa.figures.composed import hconcat, layer
from coxa.figures.figure import Figure
from coxa.figures.theme import INK, MOST_ARMS, OKABE_ITO, RULE, TEXT_SIZE, arm_scales, options, themed, told
from coxa.study import Study
from coxa.tables.formats import number
from coxa.tables.hidden import Protected
from coxa.tables.records import records

WIDTH, STEP = 560, 20
"""Width of all panels together, and height of a dot, in pixels."""
ROOM = 150
"""Pixels that the names of the rows take."""
LEVEL = 0.95


def mean_and_limits(known: NDArray[np.float64]) -> tuple[float, float, float]:
    """Return the mean of values and its t-interval; no limits of a single value.

    Examples
    --------
    >>> [round(one, 2) for one in mean_and_limits(np.array([1.0, 2.0, 3.0]))]
    [2.0, -0.48, 4.48]
    """
    mean, half = float(known.mean()), float("nan")
    if len(known) > 1:
        half = float(stats.t.ppf((1 + LEVEL) / 2, len(known) - 1) * known.std(ddof=1) / np.sqrt(len(known)))
    return mean, mean - half, mean + half


def plot_dots(
    study: Study, means: pd.DataFrame, *, quantity: str, figure_id: str, title: str, mark: float | None = None
) -> Figure:
    """Draw means with their intervals, a row for each label, a dot for each arm and a panel for each visit.

    Parameters
    ----------
    study
        The plan: labels of arms and visits.
    means
        label, visit, arm, mean, conf_low, conf_high, n; rows and panels are in its order.
    quantity
        What is averaged, for the axis.
    figure_id, title
        Identifier and caption.
    mark
        A value that is marked by a dashed line.

    Returns
    -------
    Figure
        In a shared report without the means of numbers of participants that are not shown.
    """
    shown = means.reset_index(drop=True)
    labelled = shown.assign(
        arm_label=shown["arm"].map(study.groups),
        visit_label=[study.label("visits", visit) for visit in shown["visit"]],
    )
    arms = [label for label in study.groups.values() if (labelled["arm_label"] == label).any()]

    def hiding(protected: Protected) -> Figure:
        kept = [protected.shows_number(arm, n) for arm, n in zip(shown["arm"], shown["n"], strict=True)]
        return plot_dots(study, shown[kept], quantity=quantity, figure_id=figure_id, title=title, mark=mark)

    return Figure(
        figure_id,
        title,
        lambda _: themed(_chart(labelled, arms, quantity, mark)),
        _text(labelled, quantity),
        shown,
        hiding=hiding,
    )


def _chart(labelled: pd.DataFrame, arms: list[str], quantity: str, mark: float | None) -> Any:
    visits, rows = _distinct(labelled["visit_label"]), _distinct(labelled["label"])
    reach = [*labelled[["conf_low", "conf_high", "mean"]].to_numpy().ravel(), *([] if mark is None else [mark])]
    known = [value for value in reach if np.isfinite(value)]
    edge = 0.04 * (max(known) - min(known)) or 1.0
    scale = options(domain=[min(known) - edge, max(known) + edge], nice=False, zero=False)
    width = round((WIDTH - ROOM) / len(visits)) - 10
    panels = [
        _panel(
            labelled[labelled["visit_label"] == visit], visit, rows, arms, (quantity, scale, mark, width), place == 0
        )
        for place, visit in enumerate(visits)
    ]
    return hconcat(*panels, spacing=20)


def _distinct(values: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(values))


def _panel(
    drawn: pd.DataFrame,
    visit: str,
    rows: list[str],
    arms: list[str],
    axis: tuple[str, dict[str, Any], float | None, int],
    named: bool,
) -> Any:
    import altair as alt

    quantity, scale, mark, width = axis
    names = options(ticks=False, domain=False, labelPadding=12, labelLimit=ROOM) if named else None
    base = alt.Chart(drawn).encode(
        y=alt.Y("label:N", sort=rows, title=None, axis=names, scale=options(domain=rows)),
        yOffset=alt.YOffset("arm_label:N", sort=arms, scale=options(domain=arms)),
    )
    shape: dict[str, Any] = {}
    if len(arms) <= MOST_ARMS:
        look = arm_scales(arms)
        base = base.encode(color=alt.Color("arm_label:N", scale=options(domain=arms, range=look.colours), title=None))
        shape["shape"] = alt.Shape("arm_label:N", scale=options(domain=arms, range=look.shapes), title=None)
    else:
        base = base.encode(color=alt.ColorValue(OKABE_ITO[0]))
    x = alt.X("mean:Q", title=quantity, axis=options(tickCount=4), scale=scale)
    bars = base.mark_rule(strokeWidth=1.8).encode(x=alt.X("conf_low:Q", scale=scale), x2=alt.X2("conf_high:Q"))
    seen = told(Row="label", Group="arm_label", n="n")
    dots = base.mark_point(filled=True, size=80, opacity=1).encode(x=x, tooltip=seen, **shape)
    marks = []
    if mark is not None:
        line = alt.Chart(pd.DataFrame({"mark": [mark]})).mark_rule(color=RULE, strokeDash=[4, 3])
        marks = [line.encode(x=alt.X("mark:Q", scale=scale))]
    title = alt.Title(visit, fontSize=TEXT_SIZE, fontWeight="normal", color=INK, anchor="start")
    return layer(*marks, bars, dots, width=width, height=len(rows) * (len(arms) + 1) * STEP, title=title)


def _text(labelled: pd.DataFrame, quantity: str) -> str:
    """Say each mean with its interval."""
    parts = []
    for (label, visit), rows in labelled.groupby(["label", "visit_label"], sort=False):
        arms = []
        for row in records(rows):
            mean, low, high = (number(row[name], 1) for name in ("mean", "conf_low", "conf_high"))
            arms.append(f"{row['arm_label']} {mean} ({low} to {high})")
        parts.append(f"{label}, {visit}: {'; '.join(arms)}.")
    return f"Dots: {quantity}, mean with 95% interval. {' '.join(parts)}"
