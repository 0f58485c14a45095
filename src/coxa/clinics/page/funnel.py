"""A funnel of clinics: a value against the number behind it, with the limits of each clinic."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas as pd

from coxa.clinics.page.seen import Seen, at, known
from coxa.figures.composed import layer
from coxa.figures.figure import Figure
from coxa.figures.theme import GREY, INK, OKABE_ITO, RULE, TEXT_SIZE, options, themed, told
from coxa.tables.cells import Cell
from coxa.tables.formats import counted
from coxa.tables.prose import Prose, joined, prose
from coxa.tables.records import records

LIMITS = ("low_95", "high_95", "low_99.8", "high_99.8")
WHERE = {
    "high": "Above the 99.8% limits",
    "low": "Below the 99.8% limits",
    "near": "Between the 95% and 99.8% limits",
    "within": "Within the 95% limits",
}
"""Place of a clinic -> how it is called."""

LOOKS = {
    WHERE["high"]: ("triangle-up", OKABE_ITO[0]),
    WHERE["low"]: ("triangle-down", OKABE_ITO[1]),
    WHERE["near"]: ("diamond", OKABE_ITO[3]),
    WHERE["within"]: ("circle", RULE),
}
"""Place -> shape and colour."""

WIDTH, HEIGHT = 400, 300
LETTER = 7.2
"""Width of a letter of a label, in pixels."""


@dataclass(frozen=True, slots=True)
class Drawn:
    """What a funnel is of.

    figure_id, title : identifier and caption
    quantity         : what is on the vertical axis, with its unit
    size             : what is on the horizontal axis
    rule, name       : how a value is written, and the name of it in the rule
    where            : analysis that the numbers belong to
    target           : the mean of all
    decimals         : of the values
    """

    figure_id: str
    title: str
    quantity: str
    size: str
    rule: str
    name: str
    where: str
    target: float
    decimals: int = 1

    @property
    def percent(self) -> bool:
        """Whether the values are shares."""
        return self.name == "share"


def funnel_figure(page: Seen, drawn: Drawn, frame: pd.DataFrame, value: str = "adjusted") -> Figure | None:
    """Draw clinics against their limits; those outside are named, and have a shape of their own.

    Parameters
    ----------
    page
        The audit as it is seen.
    drawn
        What the funnel is of.
    frame
        One row per clinic: clinic, n, the value, `LIMITS` and position; a clinic with a hidden number is not drawn.
    value
        Column of the value.

    Returns
    -------
    Figure or None
        None where no clinic can be drawn.
    """
    columns = ["clinic", "n", value, *LIMITS, "position"]
    data = frame[columns].rename(columns={value: "value"}).dropna().reset_index(drop=True)
    data["place"] = [WHERE[_place(one)] for one in records(data)]
    data = data.assign(n=data["n"].astype(int)).sort_values("n", kind="stable", ignore_index=True)
    hidden = len(frame) - len(data)
    if data.empty:
        return None
    said = _words(page, drawn, data, hidden)

    def draw(_: Any) -> Any:
        return themed(_chart(data, drawn))

    return Figure(drawn.figure_id, drawn.title, draw, said, data)


def _place(one: dict[str, Any]) -> str:
    if one["position"] in ("low", "high"):
        return str(one["position"])
    inside = one["low_95"] <= one["value"] <= one["high_95"]
    return "within" if inside else "near"


def _words(page: Seen, drawn: Drawn, data: pd.DataFrame, hidden: int) -> Prose:
    """Say each clinic's value, and where it is."""
    clinics: list[str | Cell | Prose] = [
        prose(
            f"{one['clinic']}: ",
            page.number(
                drawn.rule, {drawn.name: one["value"]}, at(drawn.where, "adjusted", one["clinic"]), drawn.decimals
            ),
            f", n {one['n']}, {one['place'][0].lower()}{one['place'][1:]}",
        )
        for one in records(data)
    ]
    mean = page.number(drawn.rule, {drawn.name: drawn.target}, at(drawn.where, "mean", "all"), drawn.decimals)
    left = prose(" ", counted(hidden, drawn.where, "clinics not drawn"), " not drawn, as a number of it is hidden.")
    return prose(
        "Points, one for each clinic, and limits about ",
        mean,
        ". ",
        joined("; ", clinics),
        ".",
        *([left] if hidden else []),
    )


def _chart(data: pd.DataFrame, drawn: Drawn) -> Any:
    """Draw limits as lines, the mean of all, and the clinics."""
    import altair as alt

    axis = options(format="%", tickCount=6) if drawn.percent else options(tickCount=6)
    y = alt.Y("value:Q", title=drawn.quantity, scale=options(domain=_domain(data, drawn.target), nice=True), axis=axis)
    most = int(data["n"].max()) if len(data) else 1
    x = alt.X(
        "n:Q",
        title=drawn.size,
        scale=options(domain=[0, round(1.12 * most) + 1], nice=False),
        axis=options(tickMinStep=1),
    )
    lines = [_line(data, name, x, y, [1, 0] if "99" in name else [5, 4]) for name in LIMITS]
    mean = pd.DataFrame({"value": [drawn.target] if known(drawn.target) else []}, dtype=float)
    centre = alt.Chart(mean).mark_rule(color=GREY, strokeWidth=1.5).encode(y=y)
    domain = list(LOOKS)
    looks = {
        "shape": alt.Shape("place:N", scale=options(domain=domain, range=[LOOKS[name][0] for name in domain])),
        "color": alt.Color(
            "place:N",
            scale=options(domain=domain, range=[LOOKS[name][1] for name in domain]),
            legend=options(columns=1),
        ),
    }
    numbers = told(Clinic="clinic", n="n", Position="place")
    size = alt.Size("n:Q", scale=options(range=[60, 420], domain=[0, most]), legend=None)
    points = alt.Chart(data).mark_point(filled=True, opacity=0.95, stroke="white", strokeWidth=0.8)
    points = points.encode(x=x, y=y, size=size, tooltip=numbers, **looks)
    return layer(*lines, centre, points, *_labels(data, x, y), width=WIDTH, height=HEIGHT)


def _domain(data: pd.DataFrame, target: float) -> list[float]:
    """Return the ends of the vertical axis, with room for the marks."""
    numbers = [one for one in (target, *data[["value", *LIMITS]].to_numpy(dtype=float).ravel()) if known(one)]
    low, high = min(numbers), max(numbers)
    room = 0.06 * (high - low)
    return [float(f"{end:.3g}") for end in (low - room, high + room)]


def _line(data: pd.DataFrame, name: str, x: Any, y: Any, dash: list[int]) -> Any:
    import altair as alt

    rows = data[["n", name]].rename(columns={name: "value"})
    line = alt.Chart(rows).mark_line(color=RULE, strokeWidth=1.3, strokeDash=dash, interpolate="monotone")
    return line.encode(x=x, y=y)


def _labels(data: pd.DataFrame, x: Any, y: Any) -> list[Any]:
    """Name the clinics outside the 95% limits, left of a point that is near the right edge."""
    import altair as alt

    outside = data[data["place"] != WHERE["within"]]
    most = 1.12 * float(data["n"].max()) if len(data) else 1.0
    labels = []
    for one in records(outside):
        free = WIDTH * (1 - one["n"] / most)
        right = free > LETTER * len(str(one["clinic"])) + 14
        rows = pd.DataFrame([{"clinic": one["clinic"], "n": one["n"], "value": one["value"]}])
        mark = alt.Chart(rows).mark_text(
            align="left" if right else "right", dx=12 if right else -12, fontSize=TEXT_SIZE, color=INK
        )
        labels.append(mark.encode(x=x, y=y, text=alt.Text("clinic:N")))
    return labels
