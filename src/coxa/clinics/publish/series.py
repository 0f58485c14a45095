"""Control charts of what is shown: made anew from the points that are left, so that no limit gives another away."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from coxa.audit.charts.chart import ControlChart
from coxa.audit.charts.over_time import p_chart, xmr_chart
from coxa.clinics.audit import Audit, Series
from coxa.clinics.publish.shown import Shown
from coxa.clinics.publish.tables import in_model
from coxa.errors import OptionError

ALL = "all"
FEWEST = 2
"""Points of a chart."""


def published_series(audit: Audit, shown: Shown) -> tuple[Series, ...]:
    """Return the series of an audit from the periods that are shown; one of fewer than two is left out.

    The centre and the limits of a chart are sums over its points, and give away a single one that is missing.
    """
    series = (_published(one, audit.plan.main, shown) for one in audit.series)
    return tuple(one for one in series if one is not None)


def _published(one: Series, main: str, shown: Shown) -> Series | None:
    frame = one.frame.reset_index(drop=True)
    place = frame[["period"]] if one.clinic == ALL else frame[["period"]].assign(clinic=one.clinic)
    dimensions = list(place.columns)

    def counts(measure: str) -> np.ndarray:
        return shown.column(measure, place, dimensions)

    sessions = one.measure == "missed"
    people = {"complete": "of", "change": in_model(main), "important": f"{main} important of"}
    n = frame["n"].to_numpy(dtype=float) if sessions else counts(people.get(one.measure, "eligible"))
    events = {"complete": lambda: counts("of_done"), "important": lambda: counts(f"{main} important")}
    happened = events[one.measure]() if one.measure in events else frame["events"].to_numpy(dtype=float)
    visible = np.isfinite(n) & (np.isfinite(happened) | (one.measure in ("change", "episodes")))
    if sessions:
        visible &= np.isfinite(counts("eligible"))
    if visible.sum() < FEWEST:
        return None
    frame = frame.assign(n=n, events=happened)
    chart = _chart(one, frame[visible])
    return None if chart is None else _with_chart(one, frame, visible, chart)


def _chart(one: Series, frame: pd.DataFrame) -> ControlChart | None:
    """Return the chart of the points that are left; None where a part between two recalculations has too few."""
    parts = frame["part"].to_numpy()
    at = [int(place) for place in np.flatnonzero(np.diff(parts)) + 1]
    asked = {"improvement": one.improvement, "target": one.target, "recalculate_at": at}
    try:
        if one.measure in ("change", "episodes"):
            values = frame["n"] if one.measure == "episodes" else frame["value"]
            return xmr_chart(values, **asked)  # type: ignore[arg-type]
        return p_chart(frame["events"] / one.effect, frame["n"] / one.effect, **asked)  # type: ignore[arg-type]
    except OptionError:
        return None


def _with_chart(one: Series, frame: pd.DataFrame, visible: np.ndarray, chart: ControlChart) -> Series:
    """Return a series with a chart; periods that are hidden have no numbers."""
    drawn = chart.frame.set_axis(frame.index[visible], axis=0).reindex(frame.index)
    drawn = drawn.assign(part=frame["part"])
    texts = {name: drawn[name].fillna("") for name in ("rule", "kind")}
    rest = frame[["period"]].assign(n=frame["n"].where(visible), events=frame["events"].where(visible))
    whole = pd.concat([rest, drawn.assign(**texts)], axis=1)
    return replace(one, frame=whole, variation=chart.variation, assurance=chart.assurance)
