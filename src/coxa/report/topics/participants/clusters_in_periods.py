"""The design of clusters in periods as a grid: which cluster had which treatment when, and how many were analysed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pandas as pd

from coxa.analyses.periods import in_periods
from coxa.figures.figure import Figure
from coxa.figures.theme import OKABE_ITO, options, themed, told
from coxa.report.document import FigureBlock, Paragraph, Section
from coxa.report.record import ReportRecord
from coxa.sentences import join_words
from coxa.study.cluster_periods import PERIOD, ClusterPeriods
from coxa.study.comparative import ComparativeStudy
from coxa.study.wording import factor_words
from coxa.tables.phrases import sentence_case

CELL_WIDTH, CELL_HEIGHT = 62, 24
BEFORE = "#d5dbe1"
"""Ground of the first treatment, on which numbers are black."""


def clusters_in_periods_section(report: ReportRecord) -> Section | None:
    """Return the grid of clusters and periods; None where no clusters receive treatments in periods."""
    study = report.study
    if not isinstance(study.received_in_periods, ClusterPeriods):
        return None
    planned = study.main_analysis
    rows = in_periods(study, report.datasets[planned.estimand_name].analysed)
    figure = plot_clusters(study, cells(study, report.cohort.table("participants"), rows))
    said = _words(study, report.cohort.table("participants"))
    return Section("clusters-in-periods", "Clusters and periods", (Paragraph(said), FigureBlock(figure)))


def _words(study: ComparativeStudy, people: pd.DataFrame) -> str:
    """Return the design in numbers: sequences, periods, clusters of each sequence."""
    periods = study.received_in_periods
    assert isinstance(periods, ClusterPeriods)
    word = factor_words(study, periods.cluster)
    known = people[people[periods.cluster].notna() & people["arm"].notna()]
    counts = known.groupby(known["arm"].astype(str))[periods.cluster].nunique()
    each = join_words([f"{int(counts.get(arm, 0))} in {study.label('arms', arm)}" for arm in study.arm_order])
    who = "the same participants in each period" if periods.by_visit else "other participants in each period"
    return f"{len(study.arms)} sequences, {len(periods.order)} periods, {who}. {sentence_case(word)}s: {each}."


def cells(study: ComparativeStudy, people: pd.DataFrame, rows: pd.DataFrame) -> pd.DataFrame:
    """Return one row per cluster and period: its sequence, its treatment by the sequence, and participants analysed."""
    periods = study.received_in_periods
    assert isinstance(periods, ClusterPeriods)
    known = people[people[periods.cluster].notna() & people["arm"].notna()]
    arms = known.groupby(known[periods.cluster].astype(str))["arm"].agg(
        lambda each: str(each.astype(str).mode().iloc[0])
    )
    where = [rows[periods.cluster].astype(str), rows["period"].astype(str)]
    n = rows["participant_id"].groupby(where, observed=True).nunique()
    order = {arm: place for place, arm in enumerate(study.arms)}
    listed = sorted(arms.items(), key=lambda one: (order[one[1]], str(one[0])))
    return pd.DataFrame(
        [
            {
                "cluster": str(cluster),
                "sequence": study.label("arms", arm),
                "period": _label(study, name),
                "treatment": study.label("arms", periods.received(arm, name)),
                "n": int(n.get((str(cluster), str(place)), 0)),
            }
            for cluster, arm in listed
            for place, name in enumerate(periods.order, 1)
        ]
    )


def _label(study: ComparativeStudy, name: str) -> str:
    periods = study.received_in_periods
    assert periods is not None
    return study.label("visits", name) if periods.by_visit else study.covariates[PERIOD].level_labels()[name]


def plot_clusters(study: ComparativeStudy, data: pd.DataFrame) -> Figure:
    """Draw the grid: a row for each cluster, in the order of the sequences, a column for each period."""
    periods = study.received_in_periods
    assert isinstance(periods, ClusterPeriods)
    word = factor_words(study, periods.cluster)
    title = f"{sentence_case(word)}s and periods: treatment by the sequence, and participants analysed"
    every = Figure("clusters-grid", title, lambda _: themed(_grid(study, data, word, numbers=True)), _said(data), data)

    def hiding(_: Any) -> Figure:
        plain = data.drop(columns="n")
        return replace(
            every, draw=lambda _: themed(_grid(study, plain, word, numbers=False)), words=_said(plain), data=plain
        )

    return replace(every, hiding=hiding)


def _said(data: pd.DataFrame) -> str:
    """Return the grid in words: what each cluster had in each period, with the participants."""
    told_of = []
    for (cluster, sequence), mine in data.groupby(["cluster", "sequence"], sort=False):
        parts = [
            f"{row['period']} {row['treatment']}" + (f" (n {row['n']})" if "n" in row else "")
            for row in mine.to_dict("records")
        ]
        told_of.append(f"{cluster}, {sequence}: {', '.join(parts)}.")
    return " ".join(told_of)


def _grid(study: ComparativeStudy, data: pd.DataFrame, word: str, *, numbers: bool) -> Any:
    import altair as alt

    treatments = [study.label("arms", name) for name in study.treatment_order]
    colours: Sequence[str] = [BEFORE, *OKABE_ITO][: len(treatments)]
    x = alt.X(
        "period:N", sort=list(dict.fromkeys(data["period"])), title=None, axis=alt.Axis(orient="top", labelAngle=0)
    )
    y = alt.Y("cluster:N", sort=list(dict.fromkeys(data["cluster"])), title=None)
    said = told(**{sentence_case(word): "cluster"}, Sequence="sequence", Period="period", Treatment="treatment")
    colour = alt.Color(
        "treatment:N",
        title=None,
        scale=options(domain=treatments, range=list(colours)),
        legend=alt.Legend(orient="bottom"),
    )
    base = alt.Chart(data)
    shown = [base.mark_rect(stroke="white").encode(x=x, y=y, color=colour, tooltip=said)]
    if numbers:
        first = {"test": f"datum.treatment === {treatments[0]!r}", "value": "black"}
        shown.append(
            base.mark_text(fontSize=12)
            .properties(name="on_colour")
            .encode(x=x, y=y, text="n:Q", tooltip=said, color=alt.ColorValue("white", condition=first))
        )
    width, height = CELL_WIDTH * data["period"].nunique(), CELL_HEIGHT * data["cluster"].nunique()
    return alt.layer(*shown, width=width, height=height)
