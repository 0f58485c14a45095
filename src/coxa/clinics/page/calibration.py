"""How well expectations agree with what was observed, and the recovery that a patient can expect."""

from __future__ import annotations

from typing import Any

import pandas as pd

from coxa.clinics.audit import CaseMix
from coxa.clinics.page.seen import Seen, at
from coxa.figures.composed import layer
from coxa.figures.figure import Figure
from coxa.figures.theme import GREY, OKABE_ITO, RULE, options, themed, told
from coxa.tables.cells import Cell
from coxa.tables.prose import joined, prose
from coxa.tables.records import Record, records
from coxa.tables.table import identifier

WIDTH, HEIGHT = 400, 280


def calibration_figure(page: Seen, outcome: str, frame: pd.DataFrame) -> Figure:
    """Draw observed against expected improvement, a point for each tenth of the patients."""
    plan, decimals = page.audit.plan, page.decimals(outcome)
    data = frame[["band", "n", "expected", "observed"]].dropna().reset_index(drop=True)
    where = f"change {outcome}"

    def shown(one: Record, term: str) -> Cell:
        return page.number("estimate", {"estimate": one[term]}, at(where, term, "", str(one["band"])), decimals)

    pairs = [prose(shown(one, "expected"), " expected, ", shown(one, "observed"), " observed") for one in records(data)]
    words = prose("Points near the line: what was expected is what was observed. ", joined("; ", pairs), ".")
    title = f"{plan.label('outcomes', outcome)}: expected and observed improvement, by tenths of patients"
    unit = plan.scale(outcome).unit
    return Figure(identifier("calibration", outcome), title, lambda _: themed(_calibration(data, unit)), words, data)


def _calibration(data: pd.DataFrame, unit: str) -> Any:
    import altair as alt

    ends = [float(data[["expected", "observed"]].min().min()), float(data[["expected", "observed"]].max().max())]
    x = alt.X(
        "expected:Q", title=f"Expected improvement ({unit})", scale=options(zero=False), axis=options(tickCount=6)
    )
    y = alt.Y(
        "observed:Q", title=f"Observed improvement ({unit})", scale=options(zero=False), axis=options(tickCount=6)
    )
    line = alt.Chart(pd.DataFrame({"expected": ends, "observed": ends}))
    line = line.mark_line(color=GREY, strokeDash=[4, 3], strokeWidth=1).encode(x=x, y=y)
    points = alt.Chart(data).mark_circle(size=70, color=OKABE_ITO[0], opacity=1).encode(x=x, y=y, tooltip=told(n="n"))
    return layer(line, points, width=WIDTH, height=HEIGHT)


def can_recover(found: CaseMix) -> bool:
    """Say whether a value that a patient can expect is there, and shown."""
    return bool(found.recovery[["intake", "expected", "low", "high"]].notna().all(axis=1).any())


def recovery_figure(page: Seen, outcome: str, found: CaseMix) -> Figure:
    """Draw the discharge value that a patient can expect by the value at intake, with the middle 80 of 100 patients."""
    plan, decimals, scale = page.audit.plan, page.decimals(outcome), page.audit.plan.scale(outcome)
    data = found.recovery[["intake", "expected", "low", "high"]].dropna().reset_index(drop=True)
    where = f"recovery {outcome}"
    points = [
        prose(
            "from ",
            page.number(
                "estimate", {"estimate": one["intake"]}, at(where, "intake", "", f"{one['intake']:g}"), decimals
            ),
            " to ",
            page.number("estimate_interval", _interval(one), at(where, "expected", "", f"{one['intake']:g}"), decimals),
        )
        for one in records(data)
    ]
    words = prose("Value at intake, and the value expected at discharge with the range of 80 in 100 patients: ",
                  joined("; ", points), ".")  # fmt: skip
    label = plan.label("outcomes", outcome)
    title = f"{label}: value expected at discharge, and the range of 80 in 100 patients"
    unit = f"{label} ({scale.unit}; {scale.direction})"
    return Figure(
        identifier("recovery", outcome), title, lambda _: themed(_recovery(data, unit)), words, data, along=("intake",)
    )


def _interval(one: dict[str, Any]) -> dict[str, float]:
    return {"estimate": one["expected"], "conf_low": one["low"], "conf_high": one["high"]}


def _recovery(data: pd.DataFrame, unit: str) -> Any:
    import altair as alt

    x = alt.X("intake:Q", title=f"At intake: {unit}", scale=options(zero=False, nice=False), axis=options(tickCount=6))
    y = alt.Y("expected:Q", title="Expected at discharge")
    base = alt.Chart(data)
    band = base.mark_area(color=OKABE_ITO[0], opacity=0.18).encode(
        x=x, y=alt.Y("low:Q", title="Expected at discharge"), y2="high:Q"
    )
    line = base.mark_line(color=OKABE_ITO[0], strokeWidth=2.2).encode(x=x, y=y)
    ends = [float(data["intake"].min()), float(data["intake"].max())] if len(data) else [0.0, 1.0]
    same = alt.Chart(pd.DataFrame({"intake": ends, "expected": ends}))
    same = same.mark_line(color=RULE, strokeDash=[4, 3], strokeWidth=1).encode(x=x, y=y)
    return layer(band, same, line, width=WIDTH, height=HEIGHT)
