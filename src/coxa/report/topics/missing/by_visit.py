"""Missing values by visit and arm."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from coxa.derive.dataset import AnalysisDataset
from coxa.figures.composed import layer
from coxa.figures.figure import Figure
from coxa.figures.panels import COLUMNS, PANEL
from coxa.figures.text import missing_text
from coxa.figures.theme import (
    INK,
    MOST_ARMS,
    OKABE_ITO,
    TEXT_SIZE,
    WIDTH,
    ArmScales,
    arm_choice,
    arm_scales,
    chosen,
    options,
    themed,
    told,
)
from coxa.figures.visit_axis import LETTER, SLANT
from coxa.study import Study
from coxa.study.design_words import DesignWords
from coxa.tables.formats import cell
from coxa.tables.table import Statistic

HEIGHT, ROW = 220, 20
SMALL_LETTER, GAP = 6.2, 12
"""Width of a letter of a count, and what is left between two counts, in pixels."""
MOST_WIDTH = 900
"""Width up to which bars of all arms stand side by side."""


def plot_missingness(
    study: Study, dataset: AnalysisDataset, *, figure_id: str, title: str, whom: str = "the analysis set"
) -> Figure:
    """Draw the share of the analysis set without a response, by visit and arm, the counts above the bars.

    Parameters
    ----------
    study
        The plan, for labels and the order of the arms.
    dataset
        Rows of an estimand.
    figure_id, title
        Identifier and caption.
    whom
        Of whom the share is, for the axis.

    Returns
    -------
    Figure
    """
    counted = missing_counts(study, dataset)
    labelled = counted.assign(
        arm_label=counted["arm"].map(study.groups),
        visit_label=[study.label("visits", visit) for visit in counted["visit"]],
        share=counted["missing"] / counted["total"],
        count=counted["missing"].astype(str) + "/" + counted["total"].astype(str),
    )
    words = study.words
    shown = tuple(cell("share", {"share": part}, Statistic()) for part in labelled["share"])

    def draw(texts: Sequence[str]) -> Any:
        drawn = labelled[["arm_label", "visit_label", "share", "count"]].assign(percent=texts)
        return themed(_chart(drawn, words, f"Missing, share of {whom}"))

    return Figure(figure_id, title, draw, missing_text(labelled, words.by_visit), counted, shown)


def _chart(drawn: pd.DataFrame, words: DesignWords, title: str) -> Any:
    """Draw bars side by side, or rows and panels where they would be too many."""
    said = told(**{words.arm.capitalize(): "arm_label"}, Visit="visit_label", Missing="count", Share="percent")
    arms, visits = (list(dict.fromkeys(drawn[name])) for name in ("arm_label", "visit_label"))
    wanted = len(arms) * len(visits) * (SMALL_LETTER * max(map(len, drawn["count"])) + GAP)
    if len(arms) > MOST_ARMS or wanted > MOST_WIDTH:
        return _rows(drawn, arms, visits, said)
    choice = arm_choice(arms, words.say("All {arms}"))
    return _bars(drawn, arm_scales(arms), visits, said, max(WIDTH, round(wanted)), choice, title)


def _bars(
    drawn: pd.DataFrame, arms: ArmScales, visits: list[str], said: list[Any], width: int, choice: Any, title: str
) -> Any:
    """Draw bars side by side at each visit, an arm in its colour."""
    import altair as alt

    tight = max(map(len, visits)) * LETTER > width / len(visits)
    names = options(labelAngle=SLANT if tight else 0, labelAlign="right" if tight else "center", labelOverlap=False)
    base = alt.Chart(drawn).encode(
        x=alt.X("visit_label:N", sort=visits, title=None, axis=names),
        xOffset=alt.XOffset("arm_label:N", sort=arms.domain),
        y=alt.Y(
            "share:Q",
            title=title,
            scale=options(domain=[0, _top(drawn)], nice=False),
            axis=options(format="%", tickCount=5),
        ),
        opacity=chosen(choice),
    )
    colour = alt.Color("arm_label:N", scale=options(domain=arms.domain, range=arms.colours), title=None)
    bars = base.mark_bar().encode(color=colour, tooltip=said).properties(name="bars").add_params(choice)
    texts = base.mark_text(dy=-8, fontSize=TEXT_SIZE - 2, color=INK).encode(text=alt.Text("count:N"))
    return layer(bars, texts, width=width, height=HEIGHT)


def _rows(drawn: pd.DataFrame, arms: list[str], visits: list[str], said: list[Any]) -> Any:
    """Draw a row for each arm and a panel for each visit, where bars side by side would be too many."""
    import altair as alt

    base = alt.Chart().encode(
        y=alt.Y("arm_label:N", sort=arms, title=None, axis=options(ticks=False, domain=False, labelPadding=8)),
        x=alt.X("share:Q", title="Missing", axis=options(format="%", tickCount=3),
                scale=options(domain=[0, 1.25 * _top(drawn)], nice=False)),
    )  # fmt: skip
    bars = base.mark_bar(color=OKABE_ITO[0]).encode(tooltip=said)
    texts = base.mark_text(align="left", dx=4, fontSize=TEXT_SIZE - 2, color=INK).encode(text=alt.Text("count:N"))
    panel = alt.layer(bars, texts, width=PANEL, height=ROW * len(arms))
    facet = alt.Facet("visit_label:N", sort=visits, title=None)
    return panel.facet(facet=facet, columns=COLUMNS, data=drawn)


def _top(drawn: pd.DataFrame) -> float:
    """Return the end of the axis, with room for the count above the longest bar."""
    return max(float(drawn["share"].max()) * 1.2, 0.1)


def missing_counts(study: Study, dataset: AnalysisDataset) -> pd.DataFrame:
    """Return visit, arm, total and missing: participants of the set, and those without a response."""
    frame = dataset.frame
    place = {arm: index for index, arm in enumerate(study.groups)}
    keys = {"visit": frame["visit"].astype(str), "arm": frame["arm"].astype(str)}
    missing = frame[dataset.response].isna().groupby(list(keys.values())).agg(["size", "sum"]).reset_index()
    missing.columns = pd.Index(["visit", "arm", "total", "missing"])
    day = missing["visit"].map({name: visit.day for name, visit in study.visits.items()})
    ordered = missing.assign(_day=day, _arm=missing["arm"].map(place)).sort_values(["_day", "_arm"])
    return ordered.drop(columns=["_day", "_arm"]).astype({"missing": int}).reset_index(drop=True)
