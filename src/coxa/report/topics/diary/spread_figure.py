"""The SD of days by arm as a figure: of an average participant with its interval, and over participants."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from coxa.figures.composed import layer
from coxa.figures.figure import Figure
from coxa.figures.theme import GREY, INK, OKABE_ITO, WIDTH, options, themed
from coxa.tables.formats import number

ROW = 44
"""Height of a row of the figure."""

Limits = tuple[float, float, float]

NORMAL = 1.959963984540054
"""Standard deviations between which 95% of participants are."""


def spread_figure(
    identifier: str, title: str, arms: Mapping[str, Limits], scale_sd: float, unit: str = "", level: float = 0.95
) -> Figure:
    """Draw the SD of an average participant's days in each arm with its interval, and the range over participants.

    Parameters
    ----------
    identifier, title
        Of the figure.
    arms
        Label of an arm -> SD with its limits.
    scale_sd
        Standard deviation between participants of the logarithm of their variance; 0 without a random scale.
    unit
        Of the outcome.
    level
        Of the limits.
    """
    rows = pd.DataFrame(
        [(label, *limits) for label, limits in arms.items()], columns=["label", "estimate", "conf_low", "conf_high"]
    )
    away = float(np.exp(NORMAL * scale_sd / 2.0))
    rows = rows.assign(people_low=rows["estimate"] / away, people_high=rows["estimate"] * away)
    axis = f"SD of a participant's days{f' ({unit})' if unit else ''}"
    percent = f"{100 * level:g}%"

    def draw(_: Sequence[str]) -> Any:
        import altair as alt

        base = alt.Chart(rows, width=WIDTH - 180, height=ROW * len(rows)).encode(
            y=alt.Y("label:N", sort=list(rows["label"]), title=None, axis=options(labelLimit=300))
        )
        x = alt.X("conf_low:Q", title=axis, scale=options(zero=True))
        people = base.mark_bar(color=GREY, opacity=0.35, height=16).encode(
            x=alt.X("people_low:Q", title=axis), x2="people_high:Q"
        )
        line = base.mark_rule(color=INK, strokeWidth=2).encode(x=x, x2="conf_high:Q")
        point = base.mark_point(filled=True, size=90, color=OKABE_ITO[0], opacity=1).encode(x="estimate:Q")
        return themed(layer(*([people] if scale_sd else []), line, point))

    said = []
    for row in rows.to_dict("records"):
        text = f"{row['label']}: {number(row['estimate'], 2)} ({number(row['conf_low'], 2)} to "
        text += f"{number(row['conf_high'], 2)})"
        if scale_sd:
            text += f", 95% of participants {number(row['people_low'], 2)} to {number(row['people_high'], 2)}"
        said.append(f"{text}.")
    band = "; grey, where 95% of participants are by the model" if scale_sd else ""
    words = f"SD of an average participant's days with {percent} limits. {' '.join(said)}"
    return Figure(identifier, f"{title} (point and line, average participant with {percent} limits{band})", draw, words,
                  rows)  # fmt: skip
