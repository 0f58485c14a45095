"""Love plot of the balance before and after weighting, and the overlap of the groups in their propensity scores."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from coxa.analyses.comparability import Comparability
from coxa.figures.composed import layer
from coxa.figures.figure import Figure
from coxa.figures.theme import OKABE_ITO, RULE, options, themed, told
from coxa.report.topics.target_trial.tables import statistic_of
from coxa.tables.formats import number
from coxa.tables.records import records
from coxa.tables.table import Statistic

WIDTH, STEP, HEIGHT = 360, 24, 220
BINS = 20
ADDRESS = ("estimand", "analysis", "visit", "arm", "reference")
"""What of a comparison a figure keeps with its numbers."""


def plot_balance(one: Comparability, *, figure_id: str, title: str) -> Figure:
    """Draw the standardised difference of each confounder before and after weighting or matching (a love plot)."""
    table, bound = one.comparison.balance.table, one.comparison.balance.bound
    return love_plot(
        table,
        [one.label(name) for name in table["confounder"]],
        [f"Before {one.way}", f"After {one.way}"],
        bound,
        at=[statistic_of(one, "balance")] * len(table),
        figure_id=figure_id,
        title=title,
        what=f"Standardised differences before and after {one.way}",
    )  # fmt: skip


def love_plot(
    table: pd.DataFrame,
    labels: Sequence[str],
    when: list[str],
    bound: float,
    *,
    at: Sequence[Statistic],
    figure_id: str,
    title: str,
    what: str,
    of_size: bool = False,
) -> Figure:
    """Draw two standardised differences of each row of a table of balance, with lines at a bound on both sides.

    Differences that are absolute (`of_size`) have the line on one side. `at` says of each row what it compares: where
    the numbers of the table are not shared, the figure is not either.
    """
    whose = {name: [getattr(one, name) for one in at] for name in ADDRESS}
    parts = [
        pd.DataFrame({"label": labels, "when": word, "difference": values, **whose})
        for word, values in zip(when, (table["before"], table["after"]), strict=True)
    ]
    data = pd.concat(parts, ignore_index=True).dropna(subset="difference")
    said = [
        f"{label}: {number(record['before'], 2)} before, {number(record['after'], 2)} after."
        for label, record in zip(labels, records(table), strict=True)
    ]
    lines = f"a line at {bound:g}" if of_size else f"lines at {bound:g} on both sides"
    words = f"{what}; {lines}. " + " ".join(said)
    return Figure(
        figure_id, title, lambda _: themed(_love(data, bound, when, of_size)), words, data, digits={"difference": 3},
    )  # fmt: skip


def _love(data: pd.DataFrame, bound: float, when: list[str], of_size: bool) -> Any:
    import altair as alt

    rows = list(dict.fromkeys(data["label"]))
    reach = max(1.15 * float(data["difference"].abs().max()), 2 * bound)
    scale = options(domain=[0 if of_size else -reach, reach], nice=False)
    places = [0.0, bound] if of_size else [-bound, 0.0, bound]
    marks = alt.Chart(pd.DataFrame({"at": places}))
    lines = marks.mark_rule(color=RULE, strokeDash=[4, 3]).encode(x=alt.X("at:Q", scale=scale))
    title = "Largest standardised difference" if of_size else "Standardised difference"
    points = (
        alt.Chart(data)
        .mark_point(filled=True, size=80, opacity=1)
        .encode(
            y=alt.Y("label:N", sort=rows, title=None, axis=options(ticks=False, domain=False, labelLimit=260)),
            x=alt.X("difference:Q", title=title, scale=scale),
            shape=alt.Shape("when:N", title=None, scale=options(domain=when, range=["circle", "square"])),
            color=alt.Color("when:N", title=None, scale=options(domain=when, range=list(OKABE_ITO[:2]))),
            tooltip=told(Confounder="label", When="when"),
        )
    )
    return layer(lines, points, width=WIDTH, height=STEP * len(rows))


def overlap(one: Comparability) -> pd.DataFrame:
    """Return the share of each group in each of 20 intervals of the propensity score, before weighting."""
    edges = np.linspace(0, 1, BINS + 1)
    study, parts = one.planned.study, []
    for arm, mine in ((one.arm, one.weights.treated), (one.planned.against, ~one.weights.treated)):
        n, _ = np.histogram(one.score[mine], bins=edges)
        parts.append(
            pd.DataFrame({"arm": study.label("arms", arm), "low": edges[:-1], "high": edges[1:], "share": n / n.sum()})
        )
    return pd.concat(parts, ignore_index=True)


def plot_overlap(one: Comparability, *, figure_id: str, title: str) -> Figure:
    """Draw how the propensity scores of the groups overlap: the compared group above the axis, the other below."""
    data, study = overlap(one), one.planned.study
    arms = [study.label("arms", arm) for arm in (one.arm, one.planned.against)]
    drawn = data.assign(share=np.where(data["arm"] == arms[0], 1, -1) * 100 * data["share"])
    words = [f"Propensity score, the probability of being in {arms[0]} given the confounders."]
    for arm, mine in zip(arms, (one.weights.treated, ~one.weights.treated), strict=True):
        low, middle, high = (number(float(value), 2) for value in np.quantile(one.score[mine], [0, 0.5, 1]))
        words.append(f"{arm}: from {low} to {high}, median {middle}.")
    return Figure(
        figure_id, title, lambda _: themed(_mirrored(drawn, arms)), " ".join(words),
        pd.DataFrame(records(data)), of_people=True,
    )  # fmt: skip


def _mirrored(drawn: pd.DataFrame, arms: list[str]) -> Any:
    import altair as alt

    reach = 1.1 * float(drawn["share"].abs().max())
    color = alt.Color("arm:N", title=None, scale=options(domain=arms, range=list(OKABE_ITO[:2])))
    x = alt.X("low:Q", title=f"Probability of {arms[0]}, given the confounders", scale=options(domain=[0, 1]))
    axis = options(labelExpr="abs(datum.value)")
    y = alt.Y("share:Q", title="Per cent of the group", scale=options(domain=[-reach, reach], nice=False), axis=axis)
    bars = (
        alt.Chart(drawn).mark_bar(binSpacing=1).encode(x=x, x2=alt.X2("high:Q"), y=y, y2=alt.Y2(datum=0), color=color)
    )
    zero = alt.Chart(pd.DataFrame({"zero": [0.0]})).mark_rule(color=RULE).encode(y=alt.Y("zero:Q"))
    return layer(bars, zero, width=WIDTH, height=HEIGHT)
