"""Missing values by visit and arm."""

from __future__ import annotations

import pandas as pd

from coxa.derive.dataset import AnalysisDataset
from coxa.figures.figure import Figure
from coxa.figures.text import missing_text
from coxa.figures.theme import INK, TEXT_SIZE, WIDTH, arm_choice, arm_scales, chosen, themed, told
from coxa.study import Study
from coxa.study.design_words import words_of
from coxa.tables.formats import cell
from coxa.tables.table import Statistic

HEIGHT = 220


def plot_missingness(study: Study, dataset: AnalysisDataset, *, figure_id: str, title: str) -> Figure:
    """Draw the share of the analysis set without a response, by visit and arm, the counts above the bars.

    Parameters
    ----------
    study
        The plan, for labels and the order of the arms.
    dataset
        Rows of an estimand.
    figure_id, title
        Identifier and caption.

    Returns
    -------
    Figure
    """
    import altair as alt

    counted = missing_counts(study, dataset)
    labelled = counted.assign(
        arm_label=[study.label("arms", arm) for arm in counted["arm"]],
        visit_label=[study.label("visits", visit) for visit in counted["visit"]],
        share=counted["missing"] / counted["total"],
        count=counted["missing"].astype(str) + "/" + counted["total"].astype(str),
    )
    words = words_of(study)
    arms = arm_scales(list(dict.fromkeys(labelled["arm_label"])))
    visits = list(dict.fromkeys(labelled["visit_label"]))
    top = max(float(labelled["share"].max()) * 1.2, 0.1)
    choice = arm_choice(arms.domain, words.say("All {arms}"))
    shown = tuple(cell("share", {"share": part}, Statistic()) for part in labelled["share"])
    drawn = labelled[["arm_label", "visit_label", "share", "count"]].assign(percent=[part.text for part in shown])
    base = alt.Chart(drawn).encode(
        x=alt.X("visit_label:N", sort=visits, title=None, axis=alt.Axis(labelAngle=0)),
        xOffset=alt.XOffset("arm_label:N", sort=arms.domain),
        y=alt.Y(
            "share:Q",
            title="Missing, share of the analysis set",
            scale=alt.Scale(domain=[0, top], nice=False),
            axis=alt.Axis(format="%", tickCount=5),
        ),
        opacity=chosen(choice),
    )
    colour = alt.Color("arm_label:N", scale=alt.Scale(domain=arms.domain, range=arms.colours), title=None)
    said = told(
        **{words_of(study).arm.capitalize(): "arm_label"}, Visit="visit_label", Missing="count", Share="percent"
    )
    bars = base.mark_bar().encode(color=colour, tooltip=said).properties(name="bars").add_params(choice)
    texts = base.mark_text(dy=-8, fontSize=TEXT_SIZE - 2, color=INK).encode(text="count:N")
    chart = (bars + texts).properties(width=WIDTH, height=HEIGHT)
    return Figure(figure_id, title, themed(chart), missing_text(labelled, words.arm), counted, shown)


def missing_counts(study: Study, dataset: AnalysisDataset) -> pd.DataFrame:
    """Return visit, arm, total and missing: participants of the set, and those without a response."""
    frame = dataset.frame
    place = {arm: index for index, arm in enumerate(study.arm_order)}
    keys = {"visit": frame["visit"].astype(str), "arm": frame["arm"].astype(str)}
    missing = frame[dataset.response].isna().groupby(list(keys.values())).agg(["size", "sum"]).reset_index()
    missing.columns = pd.Index(["visit", "arm", "total", "missing"])
    day = missing["visit"].map({name: visit.day for name, visit in study.visits.items()})
    ordered = missing.assign(_day=day, _arm=missing["arm"].map(place)).sort_values(["_day", "_arm"])
    return ordered.drop(columns=["_day", "_arm"]).astype({"missing": int}).reset_index(drop=True)
