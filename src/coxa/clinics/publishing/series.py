"""Control charts of what is shown: made anew from the points that are left, so that no limit gives another away."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from coxa.audit.charts.chart import ControlChart
from coxa.clinics.audit import Audit, Series
from coxa.clinics.measures.over_time import chart_of
from coxa.clinics.publishing.shown import Shown
from coxa.clinics.publishing.tables import in_model, people_of
from coxa.errors import OptionError
from coxa.study.audit.plan import CLINIC, PERIOD

ALL = "all"
FEWEST = 2
"""Points of a chart."""

OF_CLINICS = ("complete", "change", "missed")
"""Charts that are published of each clinic; the counts of others in a clinic and a period are too small."""


@dataclass(frozen=True, slots=True)
class Points:
    """What is shown of a series: (n_periods,) each; NaN where it is hidden.

    n, events : people or sessions, and events among them
    visible   : which points have a value
    """

    n: np.ndarray
    events: np.ndarray
    visible: np.ndarray


def published_series(audit: Audit, shown: Shown) -> tuple[Series, ...]:
    """Return the series of an audit from the periods that are shown; one of fewer than two is left out.

    The centre and the limits of a chart are sums over its points, and give away a single one that is missing. A mean of
    whole scores gives its number of people away, and so is shown where that number is.
    """
    series = (_published(one, audit, shown) for one in audit.series)
    return tuple(one for one in series if one is not None)


def _published(one: Series, audit: Audit, shown: Shown) -> Series | None:
    frame = one.frame.reset_index(drop=True)
    if one.clinic == ALL:
        points = _of_all(one, frame, audit, shown)
    elif one.measure in OF_CLINICS:
        points = _of_clinic(one, frame, audit, shown)
    else:
        return None
    if points.visible.sum() < FEWEST:
        return None
    frame = frame.assign(n=points.n, events=points.events)
    chart = _chart(one, frame[points.visible])
    return None if chart is None else _with_chart(one, frame, points.visible, chart)


def _of_all(one: Series, frame: pd.DataFrame, audit: Audit, shown: Shown) -> Points:
    """Return what is shown of a series of all clinics."""
    main = audit.plan.main
    important = next((each for each in audit.shares if (each.outcome, each.kind) == (main, "important")), None)
    people = {"complete": "of", "change": in_model(main), "episodes": "eligible", "missed": "eligible"}
    people["important"] = people_of(audit, important) if important else ""
    events_of = {"complete": "of_done", "important": f"{main} important"}
    if one.measure in audit.plan.standards:
        people[one.measure], events_of[one.measure] = f"{one.measure} of", one.measure
    n = shown.column(people[one.measure], frame, [PERIOD])
    if one.measure == "missed":
        return _sessions(frame, np.isfinite(n))
    if one.measure in ("change", "episodes"):
        return Points(n, np.full(len(n), np.nan), np.isfinite(n))
    events = shown.column(events_of[one.measure], frame, [PERIOD])
    return Points(n, events, np.isfinite(n) & np.isfinite(events))


def _of_clinic(one: Series, frame: pd.DataFrame, audit: Audit, shown: Shown) -> Points:
    """Return what is shown of a series of one clinic."""
    place = frame[[PERIOD]].assign(clinic=one.clinic)
    if one.measure == "complete":
        n, events = (shown.column(name, place, [CLINIC, PERIOD]) for name in ("of", "of_done"))
        return Points(n, events, np.isfinite(n) & np.isfinite(events))
    if one.measure == "missed":
        return _sessions(frame, shown.column("eligible", place, [CLINIC, PERIOD]) > 0)
    n = shown.column(in_model(audit.plan.main), place, [CLINIC, PERIOD])
    return Points(n, np.full(len(n), np.nan), n > 0)


def _sessions(frame: pd.DataFrame, visible: np.ndarray) -> Points:
    """Return sessions, which are no people, where those who had them are shown."""
    n, events = (frame[name].astype(float).where(visible).to_numpy() for name in ("n", "events"))
    return Points(n, events, visible)


def _chart(one: Series, frame: pd.DataFrame) -> ControlChart | None:
    """Return the chart of the points that are left; None where a part between two recalculations has too few."""
    parts = frame["part"].to_numpy()
    at = [int(place) for place in np.flatnonzero(np.diff(parts)) + 1]
    points = frame.assign(value=frame["n"]) if one.measure == "episodes" else frame
    kind = "xmr" if one.measure in ("change", "episodes") else "p"
    try:
        return chart_of(points, kind, one.effect, {"improvement": one.improvement, "target": one.target}, at)
    except OptionError:
        return None


def _with_chart(one: Series, frame: pd.DataFrame, visible: np.ndarray, chart: ControlChart) -> Series:
    """Return a series with a chart; periods that are hidden have no numbers."""
    drawn = chart.frame.set_axis(frame.index[visible], axis=0).reindex(frame.index)
    drawn = drawn.assign(part=frame["part"])
    texts = {name: drawn[name].fillna("") for name in ("rule", "kind")}
    rest = frame[["period"]].assign(n=frame["n"].where(visible), events=frame["events"].where(visible))
    whole = pd.concat([rest, drawn.assign(**texts)], axis=1)
    warnings = (*(text for text in one.warnings if not text.startswith("Limits rest on")), *chart.warnings)
    return replace(one, frame=whole, variation=chart.variation, assurance=chart.assurance, warnings=warnings)
