"""The course of each participant, thin, behind the mean of the arm: spread, outliers, and whether courses cross."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from coxa.derive.dataset import AnalysisDataset
from coxa.figures.figure import Figure
from coxa.figures.means import observed_means
from coxa.figures.panels import columns_of
from coxa.figures.theme import OKABE_ITO, RULE, WIDTH, options, themed
from coxa.study.comparative import ComparativeStudy
from coxa.tables.formats import number
from coxa.tables.records import records

HEIGHT = 230
MOST = 60
"""Participants of an arm whose courses are drawn; more would be a grey area."""


def plot_trajectories(study: ComparativeStudy, dataset: AnalysisDataset, *, figure_id: str, title: str) -> Figure:
    """Draw the observed values of participants over the visits, a panel for each arm, the mean of all of them on top.

    Parameters
    ----------
    study
        The plan: labels, order of the visits, direction of the outcome.
    dataset
        Rows of an estimand, after its strategies for intercurrent events.
    figure_id, title
        Identifier and caption.

    Returns
    -------
    Figure
        Lines are numbered by their values; no identifier is in the drawing or in its data. In an arm of more than MOST
        participants every k-th is drawn, from the lowest to the highest baseline, and nothing is left to chance.
    """
    courses = trajectories(study, dataset)
    means = observed_means(study, dataset)
    scale = study.scale(study.estimands[dataset.estimand].endpoint.outcome)
    arms = [study.label("arms", arm) for arm in study.arm_order if (courses["arm"] == arm).any()]
    mean_lines = means.rename(columns={"mean": "value"})[["arm", "visit", "value"]].assign(line=-1)
    both = pd.concat([courses.assign(kind="course"), mean_lines.assign(kind="mean")], ignore_index=True)
    both["arm_label"] = [study.label("arms", arm) for arm in both["arm"]]
    both["visit_label"] = [study.label("visits", visit) for visit in both["visit"]]
    seen = set(both["visit"])
    visits = [study.label("visits", v) for v in (study.baseline_visit, *study.post_visits) if v in seen]
    drawn = both[["arm_label", "visit_label", "line", "kind", "value"]]
    title_of_y = [f"Value ({scale.unit};", f"{scale.direction})"]
    text = _text(study, dataset, courses, means, scale.decimals)
    return Figure(
        figure_id, title, lambda _: themed(_panels(drawn, visits, arms, title_of_y)), text, courses, of_people=True
    )


def _panels(drawn: pd.DataFrame, visits: list[str], arms: list[str], title_of_y: list[str]) -> Any:
    """Draw a panel for each arm, thin lines below a thick one."""
    import altair as alt

    axis = options(labelAngle=-45, labelAlign="right", labelOverlap=False)
    x = alt.X("visit_label:N", title=None, sort=visits, axis=axis, scale=options(type="point", padding=0.3))
    y = alt.Y("value:Q", title=title_of_y, scale=options(zero=False))
    base = alt.Chart().encode(x=x, y=y, detail=alt.Detail("line:N"))
    thin = base.transform_filter("datum.kind == 'course'").mark_line(
        strokeWidth=0.7, opacity=1, strokeOpacity=0.6, color=RULE
    )
    thick = base.transform_filter("datum.kind == 'mean'").mark_line(
        strokeWidth=2.6, color=OKABE_ITO[1], point={"color": OKABE_ITO[1]}
    )
    columns = columns_of(len(arms))
    width = max(round(WIDTH / max(columns, 1)) - 30, 130)
    panel = alt.layer(thin, thick, width=width, height=HEIGHT)
    facet = alt.Facet("arm_label:N", sort=arms, title=None)
    return panel.facet(facet=facet, columns=columns, data=drawn)


def trajectories(study: ComparativeStudy, dataset: AnalysisDataset, most: int = MOST) -> pd.DataFrame:
    """Return arm, line, visit and value of the courses that are drawn; `line` is a place in the order of values.

    Of an arm with more than `most` participants of two values or more, those evenly spaced in the order of baseline,
    then of the later values. Neither the order of the rows nor what participants are called matters.
    """
    frame = dataset.frame
    start = frame.drop_duplicates("participant_id").set_index("participant_id")
    later = frame.assign(visit=frame["visit"].astype(str))
    wide = later.pivot(index="participant_id", columns="visit", values="value").astype(float)
    wide = wide.assign(**{study.baseline_visit: start["baseline"].astype(float)})
    visits = [visit for visit in (study.baseline_visit, *study.post_visits) if visit in wide]
    wide = wide[wide.notna().sum(axis=1) >= 2]
    arm_of = start["arm"].astype(str).reindex(wide.index)
    parts = []
    for arm in study.arm_order:
        mine = wide.loc[arm_of == arm, visits].sort_values(visits, ignore_index=True)
        if len(mine) > most:
            mine = mine.iloc[np.linspace(0, len(mine) - 1, most).round().astype(int)].reset_index(drop=True)
        long = mine.rename_axis("line").reset_index().melt("line", var_name="visit", value_name="value").dropna()
        parts.append(long.assign(arm=arm))
    return pd.concat(parts, ignore_index=True)[["arm", "line", "visit", "value"]]


def _text(
    study: ComparativeStudy, dataset: AnalysisDataset, courses: pd.DataFrame, means: pd.DataFrame, decimals: int
) -> str:
    """Say how many courses are drawn of how many participants, their range, and the means."""
    said = [f"Thin lines, one for each participant, and a thick line for the mean; a panel for each {study.words.arm}."]
    people = dataset.frame.drop_duplicates("participant_id")["arm"].astype(str).value_counts()
    for arm, rows in courses.groupby("arm", sort=False):
        span = " to ".join(number(float(value), decimals) for value in (rows["value"].min(), rows["value"].max()))
        points = ", ".join(
            f"{study.label('visits', record['visit'])} {number(float(record['mean']), decimals)}"
            for record in records(means[means["arm"] == arm])
        )
        label, n = study.label("arms", str(arm)), rows["line"].nunique()
        said.append(f"{label}: {n} of {people[str(arm)]} participants drawn, values {span}; means: {points}.")
    if (courses.groupby("arm")["line"].nunique() >= MOST).any():
        each = study.words.arm
        said.append(f"At most {MOST} of each {each} are drawn, evenly spaced in the order of their baseline values.")
    return " ".join(said)
