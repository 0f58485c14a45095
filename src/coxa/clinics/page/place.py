"""Where one unit is against its limits, as a drawing that shows no other unit."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from coxa.clinics.page.seen import ALL, Seen, at, known
from coxa.figures.drawing import Drawing, circle, line, rect, text
from coxa.figures.figure import Figure
from coxa.figures.theme import GREY, OKABE_ITO, RULE
from coxa.tables.cells import Cell
from coxa.tables.prose import prose
from coxa.tables.records import Record

WIDTH, MARGIN, TOP, BAR, SIZE = 560.0, 30.0, 40.0, 26.0, 12.0
LETTER = 6.2
"""Width of a letter, in pixels."""
NAMES = ("low_99.8", "high_99.8", "low_95", "high_95", "adjusted")


def place_figure(page: Seen, outcome: str, one: Record, target: float) -> Figure | None:
    """Draw the adjusted improvement of a unit on its limits; None where one of the numbers is hidden.

    Parameters
    ----------
    page
        The audit as it is seen.
    outcome
        Of the plan.
    one
        The unit: a row of `CaseMix.clinics` or `CaseMix.therapists`.
    target
        The mean of all.
    """
    if not all(known(one[name]) for name in NAMES):
        return None
    where, unit = f"change {outcome}", str(one.get("therapist") or one["clinic"])
    spots = {name: float(one[name]) for name in NAMES} | {"mean": target}

    def shown(name: str) -> Cell:
        place = at(where, name, ALL if name == "mean" else unit)
        return page.number("estimate", {"estimate": spots[name]}, place, page.decimals(outcome))

    cells = {name: shown(name) for name in spots}
    words = prose(
        *("Yours: ", cells["adjusted"], "; mean of all: ", cells["mean"], "; 95% limits ", cells["low_95"], " to "),
        *(cells["high_95"], "; 99.8% limits ", cells["low_99.8"], " to ", cells["high_99.8"], "."),
    )
    label, unit_of = page.audit.plan.label("outcomes", outcome), page.audit.plan.scale(outcome).unit
    data = pd.DataFrame({"what": ["yours", "all"], "adjusted": [spots["adjusted"], target]})
    written = tuple(cells[name] for name in ("adjusted", "mean", "low_99.8", "high_99.8"))
    title = f"Your adjusted improvement and its limits ({label}, {unit_of})"
    return Figure("own-place", title, lambda texts: _drawing(tuple(spots.values()), texts), words, data, written)


def _drawing(spots: Sequence[float], said: Sequence[str]) -> Drawing:
    """Draw the wider and the narrower limits as bars, the mean as a line, and the own value as a point."""
    least, most = min(spots), max(spots)
    scale = (WIDTH - 2 * MARGIN) / (most - least or 1.0)
    low, high, inner_low, inner_high, value, target = (MARGIN + scale * (spot - least) for spot in spots)
    middle, below = TOP + BAR / 2, TOP + BAR + 18
    marks = (
        rect(low, TOP, high - low, BAR, fill="#d5dae0", stroke="none"),
        rect(inner_low, TOP, inner_high - inner_low, BAR, fill="#aab3bd", stroke="none"),
        line([(target, TOP - 6), (target, TOP + BAR + 6)], colour=GREY),
        line([(value, TOP - 12), (value, middle)], colour=RULE),
        circle(value, middle, 7, fill=OKABE_ITO[0], stroke="#ffffff"),
        _centred(value, TOP - 18, f"Yours {said[0]}", bold=True),
        _centred(target, below, f"All {said[1]}"),
        _centred(low, below + 18, said[2]),
        _centred(high, below + 18, said[3]),
        text(MARGIN, below + 38, "Dark bar: 95% limits. Light bar: 99.8% limits.", SIZE, colour=GREY),
    )
    return Drawing(WIDTH, below + 46, marks)


def _centred(x: float, y: float, said: str, *, bold: bool = False) -> str:
    """Write a text with its middle at x, and all of it in the drawing."""
    width = LETTER * len(said)
    return text(min(max(x - width / 2, 0), WIDTH - width), y, said, SIZE, bold=bold)
