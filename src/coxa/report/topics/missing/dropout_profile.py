"""Did those who left do worse before? Mean profiles by the last visit at which participants were seen."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from coxa.derive.dataset import AnalysisDataset
from coxa.figures.composed import layer, vconcat
from coxa.figures.figure import Figure
from coxa.figures.panels import columns_of, panel_title, panels, titled
from coxa.figures.theme import INK, OKABE_ITO, TEXT_SIZE, WIDTH, options, themed
from coxa.figures.visit_axis import LETTER
from coxa.study.comparative import ComparativeStudy
from coxa.tables.formats import number

HEIGHT = 210
FEWEST = 3
"""Participants that a line stands for at least; a line of one or two would show persons."""
SEEN, LEFT = "Seen at the last visit", "Last seen earlier"
GROUPS = [SEEN, LEFT]
SLANT, ROW = -45, 20


def plot_dropout_profile(study: ComparativeStudy, dataset: AnalysisDataset, *, figure_id: str, title: str) -> Figure:
    """Draw observed means over the visits, a panel for each arm and a line for each last visit with a value.

    Parameters
    ----------
    study
        The plan: labels, planned days, direction of the outcome.
    dataset
        Rows of an estimand, after its strategies for intercurrent events.
    figure_id, title
        Identifier and caption.

    Returns
    -------
    Figure
        A line ends at the last visit of those it stands for; their number stands below the axis there.
    """
    means = last_seen_means(study, dataset)
    drawn = means[means["n_group"] >= FEWEST]
    few = int(means[means["n_group"] < FEWEST].drop_duplicates(["arm", "last_visit"])["n_group"].sum())
    scale = study.scale(study.estimands[dataset.estimand].endpoint.outcome)
    last = study.post_visits[-1] if drawn.empty else max(means["last_visit"], key=lambda name: study.visits[name].day)
    labelled = drawn.assign(
        arm_label=[study.label("arms", arm) for arm in drawn["arm"]],
        visit_label=[study.label("visits", visit) for visit in drawn["visit"]],
        group=[SEEN if visit == last else LEFT for visit in drawn["last_visit"]],
        ends=drawn["visit"] == drawn["last_visit"],
    )
    arms = [study.label("arms", arm) for arm in study.arm_order if (means["arm"] == arm).any()]
    columns = columns_of(len(arms))
    width = max(round(WIDTH / max(columns, 1)) - 60, 130)
    visits = list(dict.fromkeys(labelled.sort_values("day")["visit_label"]))
    reach = [float(labelled["mean"].min()), float(labelled["mean"].max())] if len(labelled) else [scale.low, scale.high]

    def draw(_: Sequence[str]) -> Any:
        import altair as alt

        y = alt.Y("mean:Q", title=[f"Mean ({scale.unit};", f"{scale.direction})"],
                  scale=options(domain=reach, zero=False, padding=8))  # fmt: skip
        each = [_panel(labelled, arm, visits, titled(y, place, columns), width) for place, arm in enumerate(arms)]
        return themed(panels(each, columns))

    text = _text(study, labelled, few, scale.decimals)
    return Figure(figure_id, title, draw, text, drawn, along=("day",))


def _panel(labelled: pd.DataFrame, arm: str, visits: list[str], y: Any, width: int) -> Any:
    """Draw the lines of an arm, and below the axis how many were last seen at each visit."""
    import altair as alt

    mine = labelled[labelled["arm_label"] == arm]
    place = options(type="point", padding=0.4, domain=visits)
    axis = options(labelAngle=SLANT, labelAlign="right", labelOverlap=False)
    x = alt.X("visit_label:N", title=None, sort=visits, axis=axis, scale=place)
    legend = options(symbolType="stroke", symbolStrokeWidth=2, symbolSize=500)
    colour = alt.Color("group:N", scale=options(domain=GROUPS, range=list(OKABE_ITO[:2])), legend=legend)
    dash = alt.StrokeDash("group:N", scale=options(domain=GROUPS, range=[[1, 0], [6, 3]]), legend=legend)
    base = alt.Chart(mine).encode(x=x, y=y, color=colour)
    lines = base.mark_line(strokeWidth=1.8).encode(strokeDash=dash, detail=alt.Detail("last_visit:N"))
    points = base.mark_point(filled=True, size=36, opacity=1)
    top = layer(lines, points, width=width, height=HEIGHT, title=panel_title(arm))
    row = options(title=None, domain=False, ticks=False, labelLimit=90, labelPadding=8)
    numbers = (
        alt.Chart(mine[mine["ends"]].assign(row="Last seen, n"))
        .mark_text(fontSize=TEXT_SIZE - 1, color=INK)
        .encode(
            x=alt.X("visit_label:N", sort=visits, axis=None, scale=place),
            y=alt.Y("row:N", axis=row),
            text=alt.Text("n_group:Q"),
        )
        .properties(width=width, height=ROW)
    )
    room = 24 + round(0.75 * LETTER * max(map(len, visits)))
    return vconcat(top, numbers, bounds="flush", spacing=room)


def last_seen_means(study: ComparativeStudy, dataset: AnalysisDataset) -> pd.DataFrame:
    """Return arm, last_visit, visit, day, mean, n and n_group: participants by the last visit with a value.

    n is how many of the group have a value at the visit, n_group how many are in the group. Whoever has only a baseline
    value was last seen there; whoever has none at all is not counted.
    """
    frame = dataset.frame[["participant_id", "arm", "visit", "value"]].astype({"arm": str, "visit": str})
    start = dataset.frame.drop_duplicates("participant_id")
    first = start[["participant_id"]].assign(
        arm=start["arm"].astype(str), visit=study.baseline_visit, value=start["baseline"]
    )
    seen = pd.concat([first, frame], ignore_index=True).dropna(subset=["value"])
    seen["day"] = seen["visit"].map({name: visit.day for name, visit in study.visits.items()})
    final = seen.sort_values("day", kind="stable").groupby("participant_id")["visit"].last()
    seen["last_visit"] = seen["participant_id"].map(final)
    grouped = seen.groupby(["arm", "last_visit", "visit", "day"])["value"].agg(["mean", "count"]).reset_index()
    sizes = seen.drop_duplicates("participant_id").groupby(["arm", "last_visit"]).size().rename("n_group")
    found = grouped.rename(columns={"count": "n"}).merge(sizes.reset_index(), on=["arm", "last_visit"])
    place = found["arm"].map({arm: index for index, arm in enumerate(study.arm_order)})
    ends = found["last_visit"].map({name: visit.day for name, visit in study.visits.items()})
    ordered = found.assign(_arm=place, _end=ends).sort_values(["_arm", "_end", "day"], ignore_index=True)
    return ordered.drop(columns=["_arm", "_end"])


def _text(study: ComparativeStudy, labelled: pd.DataFrame, few: int, decimals: int) -> str:
    """Say each group of each arm: how many, and their means."""
    said = [f"Lines over the visits, a panel for each {study.words.arm} and a line for each last visit with a value."]
    for arm, of_arm in labelled.groupby("arm_label", sort=False):
        parts = []
        for visit, rows in of_arm.groupby("last_visit", sort=False):
            means = ", ".join(number(float(mean), decimals) for mean in rows["mean"])
            parts.append(f"last seen at {study.label('visits', str(visit))} ({rows['n_group'].iloc[0]}): {means}")
        said.append(f"{arm}: {'; '.join(parts)}.")
    if few:
        said.append(f"Lines of fewer than {FEWEST} participants are not drawn ({few} participants).")
    return " ".join(said)
