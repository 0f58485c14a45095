"""Figures of people in n-of-1 trials: a forest of their effects, and a panel of each; never shared."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from coxa.figures.figure import Figure
from coxa.figures.theme import INK, OKABE_ITO, RULE, WIDTH, arm_scales, options, themed
from coxa.n_of_1 import SeriesEffect
from coxa.study.comparative import PlannedAnalysis
from coxa.tables.formats import number
from coxa.tables.table import identifier

MOST_PANELS = 24
"""People with a panel; of more, those evenly spaced in the order of their effects."""

ROW = 22
COLUMNS = 4
PANEL = (120, 90)
"""Width and height of a panel."""

OWN, SHRUNKEN = "Own blocks", "Shrunken"


def people_forest(planned: PlannedAnalysis, compare: str, series: SeriesEffect) -> Figure:
    """Draw own and shrunken effects of everybody, and below them the mean and the interval of the next person."""
    people = series.people
    rows = pd.concat(
        [
            pd.DataFrame({"label": people["person"], "kind": OWN, "estimate": people["estimate"],
                          "conf_low": np.nan, "conf_high": np.nan}),
            pd.DataFrame({"label": people["person"], "kind": SHRUNKEN, "estimate": people["shrunken"],
                          "conf_low": people["shrunken_low"], "conf_high": people["shrunken_high"]}),
            pd.DataFrame({"label": ["Mean of all", "Next person"], "kind": ["Mean", "Next person"],
                          "estimate": [series.estimate, np.nan],
                          "conf_low": [series.conf_low, series.prediction_low],
                          "conf_high": [series.conf_high, series.prediction_high]}),
        ],
        ignore_index=True,
    )  # fmt: skip
    labels = [*people["person"], "Mean of all", "Next person"]
    quantity = _quantity(planned, compare)
    kinds = [OWN, SHRUNKEN, "Mean", "Next person"]

    def draw(_: Sequence[str]) -> Any:
        import altair as alt

        look = alt.Color("kind:N", title=None, sort=kinds,
                         scale=options(domain=kinds, range=[RULE, OKABE_ITO[0], INK, OKABE_ITO[1]]),
                         legend=options(orient="top"))  # fmt: skip
        shape = alt.Shape("kind:N", title=None, sort=kinds, legend=options(orient="top"),
                          scale=options(domain=kinds, range=["square", "circle", "diamond", "cross"]))  # fmt: skip
        base = alt.Chart(rows, width=WIDTH - 140, height=ROW * len(labels)).encode(
            y=alt.Y("label:N", sort=labels, title=None), color=look
        )
        zero = alt.Chart(pd.DataFrame({"zero": [0.0]})).mark_rule(color=RULE, strokeDash=[4, 3]).encode(x="zero:Q")
        line = base.transform_filter("isValid(datum.conf_low)").mark_rule(strokeWidth=2).encode(
            x=alt.X("conf_low:Q", title=quantity, scale=options(zero=True)), x2="conf_high:Q"
        )  # fmt: skip
        point = base.transform_filter("isValid(datum.estimate)").mark_point(filled=True, size=60, opacity=1).encode(
            x="estimate:Q", shape=shape
        )  # fmt: skip
        return themed(zero + line + point)

    decimals = planned.decimals
    low, high = (number(value, decimals) for value in (series.prediction_low, series.prediction_high))
    span = [number(float(value), decimals) for value in (people["shrunken"].min(), people["shrunken"].max())]
    words = (
        f"A line for each of {len(people)} people: grey squares are the means of their own blocks, circles with "
        f"intervals the shrunken effects, from {span[0]} to {span[1]}. Below them the mean of all, "
        f"{number(series.estimate, decimals)} ({number(series.conf_low, decimals)} to "
        f"{number(series.conf_high, decimals)}), and the interval of the next person, {low} to {high}."
    )
    title = f"{planned.outcome_label}: the effect in each person, and in the next"
    return Figure(identifier("people-forest", f"{planned.name}-{compare}"), title, draw, words, rows, of_people=True)


def people_panels(
    planned: PlannedAnalysis, compare: str, people: pd.DataFrame, days: pd.DataFrame | None, rows: pd.DataFrame
) -> Figure:
    """Draw a panel for each person: days, or periods, by treatment, with the mean of each period."""
    chosen = people
    if len(people) > MOST_PANELS:
        chosen = people.iloc[np.linspace(0, len(people) - 1, MOST_PANELS).round().astype(int)]
    data = _points(planned, compare, chosen, days, rows)
    study = planned.study
    labels = [study.label("arms", planned.against), study.label("arms", compare)]
    data["treatment"] = [study.label("arms", one) for one in data["treatment"]]
    looks = arm_scales(labels)
    across = "Study day" if days is not None else "Period"
    span = f"{planned.scale.low:g} to {planned.scale.high:g}"

    def draw(_: Sequence[str]) -> Any:
        import altair as alt

        base = alt.Chart().encode(
            x=alt.X("x:Q", title=across, scale=options(nice=False)),
            y=alt.Y("value:Q", title=planned.unit, scale=options(zero=False)),
            color=alt.Color("treatment:N", title=None, sort=labels, legend=options(orient="top"),
                            scale=options(domain=looks.domain, range=looks.colours)),
        )  # fmt: skip
        dots = base.transform_filter("!datum.mean").mark_point(size=12, filled=True).encode(
            opacity=alt.Opacity("analysed:N", legend=None, scale=options(domain=[True, False], range=[0.8, 0.25])),
            shape=alt.Shape("treatment:N", title=None, sort=labels, legend=options(orient="top"),
                            scale=options(domain=looks.domain, range=looks.shapes)),
        )  # fmt: skip
        means = base.transform_filter("datum.mean").mark_rule(strokeWidth=2.5).encode(x="x:Q", x2="x_end:Q")
        panel = alt.layer(dots, means, width=PANEL[0], height=PANEL[1])
        facet = alt.Facet("person:N", sort=list(chosen["person"]), title=None)
        return themed(panel.facet(facet=facet, columns=COLUMNS, data=data))

    drawn = "days" if days is not None else "periods"
    words = [
        f"A panel for each of {len(chosen)} of {len(people)} people, in the order of their effects: {drawn} by "
        f"treatment, colours and shapes are treatments, and lines are the means of periods ({span} {planned.unit})."
    ]
    if days is not None and not days["analysed"].all():
        words.append("Faint points are days of the run-in of a period, which are not analysed.")
    words += [
        f"{row['person']}: {number(row['estimate'], planned.decimals)} over {row['n_blocks']} blocks."
        for row in chosen.to_dict("records")
    ]
    title = f"{planned.outcome_label}: each person under both treatments"
    return Figure(
        identifier("people-panels", f"{planned.name}-{compare}"), title, draw, " ".join(words), data, of_people=True
    )


def _points(
    planned: PlannedAnalysis, compare: str, people: pd.DataFrame, days: pd.DataFrame | None, rows: pd.DataFrame
) -> pd.DataFrame:
    """Return what is drawn: points of days (or periods), and lines of the means of periods from `x` to `x_end`."""
    named = people.set_index("participant_id")["person"]
    if days is None:
        mine = rows[rows["arm"].astype(str).isin([compare, planned.against])]
        period = mine["period"].astype(float).to_numpy()
        points = pd.DataFrame(
            {"participant_id": mine["participant_id"].astype(str).to_numpy(), "x": period, "x_end": period,
             "treatment": mine["arm"].astype(str).to_numpy(), "analysed": True, "mean": False,
             "value": mine[planned.response].astype(float).to_numpy()}
        )  # fmt: skip
        lines = points.assign(x=points["x"] - 0.35, x_end=points["x"] + 0.35, mean=True)
    else:
        points = days.rename(columns={"day": "x"}).assign(x_end=days["day"], mean=False)
        kept = days[days["analysed"]]
        lines = kept.groupby(["participant_id", "period", "treatment"], sort=True, as_index=False).agg(
            x=("day", "min"), x_end=("day", "max"), value=("value", "mean")
        )
        lines = lines.assign(analysed=True, mean=True)
    both = pd.concat([points, lines], ignore_index=True)
    both = both[both["participant_id"].isin(named.index)]
    both["person"] = both["participant_id"].map(named)
    return both[["person", "x", "x_end", "treatment", "analysed", "mean", "value"]].reset_index(drop=True)


def _quantity(planned: PlannedAnalysis, compare: str) -> str:
    study = planned.study
    return f"{study.label('arms', compare)} minus {study.label('arms', planned.against)} ({planned.unit})"
