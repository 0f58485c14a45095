"""The points of a chart over time as cells: the value, its limits, and how many are behind it."""

from __future__ import annotations

import numpy as np

from coxa.clinics.audit import Series
from coxa.clinics.measures.few_points import RUN_SIGNAL
from coxa.clinics.page.seen import ALL, Seen, at, known
from coxa.clinics.page.words import MEASURES, RULES, is_share
from coxa.tables.cells import Cell
from coxa.tables.formats import NONE
from coxa.tables.hidden import RULE
from coxa.tables.prose import Prose, prose
from coxa.tables.records import Record, records


def last_point(series: Series) -> Record:
    """Return the last point of a series that is shown; the last of all where none is."""
    shown = series.frame[series.frame["value"].notna()]
    return records((shown if len(shown) else series.frame).iloc[[-1]])[0]


def last_cells(page: Seen, series: Series) -> tuple[Cell, Cell, Cell]:
    """Return the last value of a series, its limits, and the people or sessions behind it."""
    return point_cells(page, series, last_point(series))


def point_cells(page: Seen, series: Series, point: Record) -> tuple[Cell, Cell, Cell]:
    """Return the value of a point, its limits, and the people or sessions behind it."""
    place = at(f"over time {series.measure}", "value", series.clinic, str(point["period"]))
    limits = {"conf_low": point["low"], "conf_high": point["high"]}
    n = page.number("count", {"n": point["n"]}, at(place.analysis, "n", series.clinic, place.visit))
    unlimited = known(point["value"]) and not known(point["low"])
    if is_share(series):
        value = page.number("share", {"share": point["value"]}, place)
        return value, Cell(NONE) if unlimited else page.number("share_limits", limits, place), n
    decimals = page.decimals(page.audit.plan.main) if series.measure == "change" else 0
    value = page.number("estimate", {"estimate": point["value"]}, place, decimals)
    decimals = 1 if series.measure == "episodes" else decimals
    return value, Cell(NONE) if unlimited else page.number("limits", limits, place, decimals), n


def shown_charts(page: Seen) -> list[Series]:
    """Return the charts that have a point, in the order of measures and clinics."""
    units = {unit: place for place, unit in enumerate((ALL, *page.clinics))}
    order = {measure: place for place, measure in enumerate((*MEASURES, *page.audit.plan.standards))}
    found = [one for one in page.audit.series if one.measure in order and one.frame["value"].notna().any()]
    return sorted(found, key=lambda one: (order[one.measure], units.get(one.clinic, len(units))))


def why_signal(series: Series) -> str:
    """Say why the last point of a series is a signal although it is within its limits; empty where it is outside.

    Of a run chart: on which side of the median, and since when.
    """
    point = last_point(series)
    if series.variation == RUN_SIGNAL:
        return _since(series)
    inside = all(map(known, (point["low"], point["high"]))) and point["low"] <= point["value"] <= point["high"]
    return f", within the limits, but {RULES[str(point['rule'])]}" if inside and point["rule"] in RULES else ""


def _since(series: Series) -> str:
    """Return ", above the median since 2023 Q1" of a run that lasts to the last point; empty where none does."""
    shown = series.frame[series.frame["value"].notna()]
    side = shown["direction"].to_numpy()
    if not len(side) or side[-1] == 0:
        return ""
    others = np.flatnonzero(np.sign((shown["value"] - shown["centre"]).to_numpy()) == -side[-1])
    first = shown["period"].iloc[others[-1] + 1 if len(others) else 0]
    return f", {'above' if side[-1] > 0 else 'below'} the median since {first}"


def limits_and_n(limits: Cell, n: Cell) -> Prose:
    """Return limits and the number behind a value in brackets; a number that is hidden is not mentioned."""
    if limits.text == NONE:
        return prose("") if n.rule == RULE else prose(" (n = ", n, ")")
    return prose(" (limits ", limits, ")") if n.rule == RULE else prose(" (limits ", limits, ", n = ", n, ")")
