"""Charts of rare events: CUSUM of all clinics by stretch of time; for the own eyes, patient by patient."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from coxa.clinics.audit import Rare
from coxa.clinics.page.seen import ALL, Seen, at
from coxa.figures.figure import Figure
from coxa.figures.theme import GREY, INK, OKABE_ITO, RULE, TEXT_SIZE, options, themed, told
from coxa.tables.prose import joined, prose
from coxa.tables.records import records
from coxa.tables.table import identifier

MOST = 1500
"""Patients of a chart for the own eyes, the last ones."""

SIZE = (460, 150)


def stretches_figure(page: Seen) -> Figure | None:
    """Draw the CUSUM of all clinics at the end of each stretch of time, a panel for each event; None without any."""
    charts = {one.event: one for one in page.audit.rare if one.clinic == ALL}
    frames = [
        frame.dropna().assign(event=charts[event].label, limit=charts[event].limit)
        for event, frame in page.audit.stretches.items()
        if event in charts and "cusum" in frame and frame["cusum"].notna().any()
    ]
    if not frames:
        return None
    data = pd.concat(frames, ignore_index=True)
    words = [
        prose(
            f"{one['event']}, {one['stretch']}: ",
            page.number("estimate", {"estimate": one["cusum"]}, at(f"rare {one['event']}", "cusum", ALL), 1),
        )
        for one in records(data)
    ]

    def draw(_: Any) -> Any:
        import altair as alt

        panels = [_stretches(frame) for frame in frames]
        return themed(alt.vconcat(*panels, spacing=34))

    title = "Rare events of all clinics: CUSUM at the end of each stretch of time. Dashed line: limit."
    columns = ["event", "stretch", "n", "events", "expected", "cusum", "limit"]
    return Figure("rare-cusum", title, draw, prose(joined("; ", words), "."), data[columns])


def _stretches(frame: pd.DataFrame) -> Any:
    import altair as alt

    frame = frame.assign(n=frame["n"].astype(int), events=frame["events"].astype(int))
    x = alt.X("stretch:O", title=None, sort=list(frame["stretch"]),
              axis=options(labelAngle=-35, labelFontSize=11, labelLimit=140))  # fmt: skip
    y = alt.Y("cusum:Q", title="CUSUM", axis=options(tickCount=4))
    tips = told(Intake="stretch", Patients="n", Events="events", Expected="expected")
    base = alt.Chart(frame)
    limit = base.mark_rule(color=OKABE_ITO[1], strokeDash=[5, 4]).encode(y=alt.Y("limit:Q", title="CUSUM"))
    line = base.mark_line(color=GREY, strokeWidth=1.3).encode(x=x, y=y)
    points = base.mark_point(filled=True, opacity=1, size=46, color=OKABE_ITO[0]).encode(x=x, y=y, tooltip=tips)
    return alt.layer(limit, line, points, width=SIZE[0], height=SIZE[1], title=_title(str(frame["event"].iloc[0])))


def own_figures(page: Seen, one: Rare) -> Iterator[Figure]:
    """Yield the CUSUM of a clinic patient by patient, and the patients between two events; for the own eyes alone."""
    place = f"rare {one.event}"
    if len(one.path):
        path = one.path.assign(patient=np.arange(1, len(one.path) + 1)).tail(MOST)
        words = prose(
            f"{one.label}: the highest sum is ",
            page.number("estimate", {"estimate": one.highest}, at(place, "highest sum", one.clinic), 1),
            ", the limit ",
            page.number("estimate", {"estimate": one.limit}, at(place, "limit", one.clinic), 1),
            ".",
        )
        title = f"{one.label}: CUSUM, patient by patient. Points: events; dashed line: limit."
        data = path[["patient", "period", "happened", "cusum"]]
        yield Figure(identifier("cusum", one.event), title, lambda _: themed(_path(path, one)), words, data)
    if len(one.frame):
        gaps = one.frame.assign(event=np.arange(1, len(one.frame) + 1))
        words = prose(
            f"{one.label}: patients between one event and the next; the last gap is ",
            page.number("count", {"n": gaps["value"].iloc[-1]}, at(place, "last gap", one.clinic)),
            ".",
        )
        title = f"{one.label}: patients between one event and the next. Band: limits; thin line: median."
        data = gaps[["event", "period", "value", "centre", "low", "high"]]
        yield Figure(identifier("gaps", one.event), title, lambda _: themed(_gaps(gaps)), words, data)


def _path(path: pd.DataFrame, one: Rare) -> Any:
    import altair as alt

    x = alt.X("patient:Q", title="Patients, in the order of intake", scale=options(zero=False, nice=False))
    y = alt.Y("cusum:Q", title="CUSUM")
    line = alt.Chart(path[["patient", "cusum"]]).mark_line(color=GREY, strokeWidth=1.2).encode(x=x, y=y)
    events = path.loc[path["happened"] > 0, ["patient", "cusum", "period"]]
    points = alt.Chart(events).mark_point(filled=True, opacity=1, size=40, color=OKABE_ITO[0])
    points = points.encode(x=x, y=y, tooltip=told(Intake="period"))
    limit = alt.Chart(pd.DataFrame({"cusum": [one.limit]})).mark_rule(color=OKABE_ITO[1], strokeDash=[5, 4])
    return alt.layer(line, points, limit.encode(y=y), width=SIZE[0], height=SIZE[1])


def _gaps(gaps: pd.DataFrame) -> Any:
    import altair as alt

    x = alt.X("event:Q", title="Events, in the order of intake", axis=options(tickMinStep=1), scale=options(zero=False))
    y = alt.Y("value:Q", title="Patients between")
    base = alt.Chart(gaps)
    band = base.mark_area(color=RULE, opacity=0.2).encode(x=x, y=alt.Y("low:Q", title="Patients between"), y2="high:Q")
    centre = base.mark_line(color=RULE, strokeWidth=1).encode(x=x, y=alt.Y("centre:Q", title="Patients between"))
    line = base.mark_line(color=GREY, strokeWidth=1.3).encode(x=x, y=y)
    points = base.mark_point(filled=True, opacity=1, size=40, color=OKABE_ITO[0])
    points = points.encode(x=x, y=y, tooltip=told(Intake="period"))
    return alt.layer(band, centre, line, points, width=SIZE[0], height=SIZE[1])


def _title(text: str) -> Any:
    import altair as alt

    return alt.Title(text, fontSize=TEXT_SIZE, fontWeight="normal", color=INK, anchor="start", frame="group")
