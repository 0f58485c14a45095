"""How figures look: colours, shapes and line styles of the arms, fonts, axes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from coxa.errors import OptionError

OKABE_ITO = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
"""Okabe and Ito, Color Universal Design, 2008; yellow and black are left out, since one of them is lost on a light
and the other on a dark page."""
MOST_ARMS = len(OKABE_ITO)
"""Arms that are drawn in one frame; more of them have a panel each."""
SHAPES = ("circle", "square", "triangle-up", "diamond", "triangle-down", "cross")
DASHES = ((1, 0), (6, 3), (2, 2), (8, 3, 2, 3), (10, 4), (4, 2, 1, 2))

INK = "#1b1f24"
RULE = "#8a939c"
GRID = "#e3e6ea"
GREY = "#6b7684"
"""A line or mark that is seen on a light and on a dark page."""
FONT = "Liberation Sans, Arial, Helvetica, sans-serif"
TEXT_SIZE = 13
WIDTH = 560
FAINT = 0.12
"""Opacity of arms that a reader did not choose."""


@dataclass(frozen=True, slots=True)
class ArmScales:
    """Colour, shape and dash of each arm; any one of them tells arms apart."""

    domain: list[str]
    colours: list[str]
    shapes: list[str]
    dashes: list[list[int]]


def arm_scales(labels: Sequence[str]) -> ArmScales:
    """Return the look of each arm, in their order.

    Raises
    ------
    OptionError
        If there are more arms than can be told apart.
    """
    n = len(labels)
    if n > MOST_ARMS:
        raise OptionError(
            f"{n} arms are more than the {MOST_ARMS} that can be distinguished in a figure. Draw fewer together."
        )
    dashes = [list(dash) for dash in DASHES[:n]]
    return ArmScales(list(labels), list(OKABE_ITO[:n]), list(SHAPES[:n]), dashes)


def arm_choice(arms: Sequence[str], every: str = "All arms") -> Any:
    """Return a choice of one arm, or of all, for a reader of the page; on paper all are shown."""
    import altair as alt

    choices = alt.binding_radio(options=[None, *arms], labels=[every, *arms], name="Show ")
    return alt.selection_point(name="arm", fields=["arm_label"], bind=choices)


def chosen(choice: Any) -> Any:
    """Return how strongly a mark is drawn: faintly where another arm was chosen."""
    import altair as alt

    return alt.OpacityValue(FAINT, condition={"param": choice.name, "value": 1})


def options(**chosen: Any) -> dict[str, Any]:
    """Return options of an axis, a scale or a legend of Vega-Lite, in the order in which Altair writes them.

    A record of Altair for them has some seventy fields, all of which are copied with each layer of a chart.

    Examples
    --------
    >>> options(tickCount=5, format="%")
    {'format': '%', 'tickCount': 5}
    """
    return dict(sorted(chosen.items()))


def told(**fields: str) -> list[Any]:
    """Return what a mark says when it is pointed at: fields of its data, each under its name.

    Examples
    --------
    >>> [item.to_dict()["title"] for item in told(Arm="arm_label", n="n")]
    ['Arm', 'n']
    """
    import altair as alt

    return [alt.Tooltip(field=field, type="nominal", title=title.replace("_", " ")) for title, field in fields.items()]


def themed(chart: Any) -> Any:
    """Give a chart fonts, axes and legend as all figures have them, on a see-through ground; return it.

    The chart itself is changed, as a copy of one with several parts takes as long as making it.
    """
    axis = {
        "labelFontSize": TEXT_SIZE,
        "titleFontSize": TEXT_SIZE,
        "titleFontWeight": "normal",
        "labelColor": INK,
        "titleColor": INK,
        "domainColor": RULE,
        "tickColor": RULE,
        "gridColor": GRID,
        "titlePadding": 10,
    }
    legend = {
        "labelFontSize": TEXT_SIZE,
        "labelColor": INK,
        "labelLimit": 260,
        "symbolSize": 90,
        "symbolStrokeWidth": 0,
        "orient": "top",
        "direction": "horizontal",
        "columnPadding": 24,
        "title": None,
    }
    chart.config = {
        "background": "transparent",
        "font": FONT,
        "view": {"stroke": None},
        "axis": axis,
        "legend": legend,
        "concat": {"spacing": 12},
    }
    return chart
