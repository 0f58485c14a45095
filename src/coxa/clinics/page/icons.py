"""The icons of Making Data Count, each with a letter and words next to it, so that colour is never alone."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from coxa.clinics.audit import Series
from coxa.clinics.measures.few_points import FEW_POINTS, RUN_NONE, RUN_SIGNAL
from coxa.clinics.page.seen import ALL, Seen
from coxa.clinics.page.words import ASSURANCES, MEASURES, VARIATIONS
from coxa.figures.drawing import Drawing, circle, group, line, rect, text
from coxa.figures.figure import Figure
from coxa.figures.theme import GREY, GRID, OKABE_ITO
from coxa.tables.hidden import HIDDEN
from coxa.tables.records import Record, records

BLUE, ORANGE, PURPLE = OKABE_ITO[0], "#B84A00", "#8A4B75"
"""Colours on which white letters are read: two of them a shade darker than in charts."""

RUNS = {FEW_POINTS: "Too few points", RUN_NONE: "Run chart: no signal", RUN_SIGNAL: "Run chart: shift or trend"}
"""Words in place of an icon, for charts without limits."""

NAMES, CELL, ROW, HEAD, RADIUS, SIZE = 120.0, 152.0, 40.0, 34.0, 11.0, 11.0


def icons_figure(page: Seen) -> Figure | None:
    """Draw the icons of the last period, a row for each clinic and a column for each measure."""
    units = [unit for unit in (ALL, *page.clinics) if any(one.clinic == unit for one in page.audit.series)]
    of_clinics = {one.measure for one in page.audit.series if one.clinic != ALL}
    measures = [name for name in MEASURES if name in of_clinics]
    if not units or not measures:
        return None
    rows = [(unit, measure, page.series(measure, unit)) for unit in units for measure in measures]
    data = pd.DataFrame([_words(unit, measure, one, HIDDEN if page.note else "") for unit, measure, one in rows])
    told = (
        f"{name}: {', '.join(_signal(one) for one in records(part))}"
        for name, part in data.groupby("clinic", sort=False)
    )
    title = "What the last period shows, by clinic and measure"
    if page.note and any(one is None for _, _, one in rows):
        title += f" ({HIDDEN} a chart that is not shown)"
    words = f"A row for each clinic. {'; '.join(told)}."
    return Figure("icons", title, lambda _: _drawing(units, measures, rows, bool(page.note)), words, data)


def whose(unit: str) -> str:
    """Return the name of a unit on the page."""
    return "All clinics" if unit == ALL else unit


def _words(unit: str, measure: str, one: Series | None, hidden: str) -> dict[str, str]:
    variation = VARIATIONS.get(one.variation, hidden) if one else hidden
    assurance = ASSURANCES.get(one.assurance, hidden) if one and one.assurance else ""
    return {"clinic": whose(unit), "measure": MEASURES[measure], "variation": variation, "assurance": assurance}


def _signal(one: Record) -> str:
    parts = [part for part in (one["variation"], one["assurance"]) if part]
    return f"{one['measure'].lower()} {' and '.join(parts).lower() or 'not available'}"


def _drawing(
    units: list[str], measures: list[str], rows: list[tuple[str, str, Series | None]], hiding: bool
) -> Drawing:
    width, height = NAMES + CELL * len(measures), HEAD + ROW * len(units)
    marks = [text(NAMES + CELL * place, 20, MEASURES[name], 12, bold=True) for place, name in enumerate(measures)]
    letters: list[str] = []
    for place, unit in enumerate(units):
        y = HEAD + ROW * place
        marks.append(line([(0, y - 4), (width, y - 4)], colour=GRID))
        marks.append(text(0, y + 16, whose(unit), 12, bold=unit == ALL))
    for index, (_, _, one) in enumerate(rows):
        x, y = NAMES + CELL * (index % len(measures)), HEAD + ROW * (index // len(measures))
        shapes, signs = _icon(one, x, y, hiding)
        marks += shapes
        letters += signs
    return Drawing(width, height, (*marks, group("icons-letters", "on_colour_marks", letters)))


def _icon(one: Series | None, x: float, y: float, hiding: bool) -> tuple[list[str], list[str]]:
    """Return the shapes and words of a chart's icons, and the letters on them."""
    if one is None:
        return [text(x, y + 16, HIDDEN if hiding else "\N{EN DASH}", SIZE)], []
    if one.variation not in VARIATIONS:
        return [text(x, y + 16, HIDDEN, SIZE)], []
    if words := RUNS.get(one.variation):
        return [text(x, y + 16, words, SIZE)], []
    marks = [circle(x + RADIUS, y + 12, RADIUS, fill=_colour(one.variation), stroke="none")]
    letters = [_letter(x + RADIUS, y + 16, _sign(one.variation))]
    said = [VARIATIONS[one.variation]]
    start = x + 2 * RADIUS + 5
    if one.assurance in ASSURANCES:
        colour, sign = {"consistent_pass": (BLUE, "P"), "consistent_fail": (ORANGE, "F")}.get(
            str(one.assurance), (GREY, "?")
        )
        marks.append(rect(start - 2, y + 2, 20, 20, fill=colour, stroke="none", radius=3))
        letters.append(_letter(start + 8, y + 16, sign))
        said.append(ASSURANCES[str(one.assurance)])
        start += 23
    marks += [text(start, y + height, words, 10.5) for words, height in zip(said, _heights(len(said)), strict=True)]
    return marks, letters


def _heights(lines: int) -> Iterator[float]:
    yield from (16.0,) if lines == 1 else (10.0, 22.0)


def _colour(variation: str) -> str:
    kind = variation.split("_")[0]
    return {"improvement": BLUE, "concern": ORANGE, "neutral": PURPLE}.get(kind, GREY)


def _sign(variation: str) -> str:
    """Return the letter of an icon: H for high or rising, L for low or falling, a tilde for common cause."""
    return {"high": "H", "low": "L"}.get(variation.rsplit("_", 1)[-1], "~")


def _letter(x: float, y: float, sign: str) -> str:
    wide = {"H": 8.7, "?": 6.6, "P": 8.0}.get(sign, 7.4)
    return text(x - wide / 2, y, sign, 12, bold=True, colour="#ffffff")
