"""Adherence to exercise: the dose done of that prescribed, by week and arm, and exercise by exercise."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import pandas as pd

from coxa.cohort.cohort import Cohort
from coxa.derive.exercise_dose import derive_dose, derive_exercises, derive_weekly_doses
from coxa.figures.figure import Figure
from coxa.figures.theme import MOST_ARMS, WIDTH, arm_scales, options, themed, told
from coxa.report.document import Block, FigureBlock, TableBlock
from coxa.study import Study
from coxa.study.parts import readable
from coxa.tables.by_arm import ByArm, group_columns
from coxa.tables.formats import number
from coxa.tables.phrases import sentence_case
from coxa.tables.table import Footnote, Row, RowGroup, Table

HEIGHT = 260
FEWEST = 5
"""Participants of an arm in a week, at least, for a point of the figure."""

DOSE = (
    "Dose: sets of the prescribed size. A set with fewer repetitions, or a shorter hold, than prescribed counts by its "
    "share. Above 100% more was done than prescribed."
)
NOT_RANDOMISED = "A dose is not allocated: participants who do more differ from others in more than the dose."


def adherence_blocks(study: Study, cohort: Cohort) -> list[Block]:
    """Return the figure of adherence by week, and the tables of doses and exercises; nothing without a record."""
    weekly, dose, log = derive_weekly_doses(cohort), derive_dose(cohort), derive_exercises(cohort)
    if weekly is None or weekly.empty or dose is None:
        return []
    sizes = {arm: int((dose["arm"].astype(str) == arm).sum()) for arm in study.groups}
    blocks: list[Block] = [TableBlock(dose_table(study, dose, sizes))]
    if len(means := weekly_means(study, weekly)):
        blocks.append(FigureBlock(plot_adherence(study, means)))
    if log is not None and log["dose_done"].notna().any():
        blocks.append(TableBlock(exercises_table(study, log, sizes)))
    return blocks


def dose_table(study: Study, dose: pd.DataFrame, sizes: dict[str, int]) -> Table:
    """Describe the dose of exercise and its intensity by arm.

    Parameters
    ----------
    study
        The plan, for labels.
    dose
        From `coxa.derive.derive_dose`.
    sizes
        Participants of each arm or group.
    """
    rows = ByArm("adherence", tuple(sizes))
    asked = dose[dose["dose_prescribed"] > 0].astype({"arm": str})
    sums = asked.groupby("arm")[["dose_prescribed", "dose_done"]].sum()
    percent = asked.assign(percent=100 * asked["dose_share"], load=100 * asked["load_share"])
    made: list[Row] = [
        rows.shares("With exercise prescribed, participants, n (%)", "prescribed", asked.groupby("arm").size(), sizes),
        rows.numbers("Sets prescribed per participant, median [Q1, Q3]", "sets prescribed", "median_iqr", asked,
                     "dose_prescribed"),
        rows.numbers("Dose done, in sets, median [Q1, Q3]", "dose done", "median_iqr", asked, "dose_done"),
        rows.shares("Dose done of prescribed, n/N (%)", "dose of prescribed", sums["dose_done"].round(),
                    sums["dose_prescribed"], of=True),
        rows.numbers("Dose done of prescribed, % per participant, median [Q1, Q3]", "dose share", "median_iqr", percent,
                     "percent"),
    ]  # fmt: skip
    if percent["load"].notna().any():
        made.append(rows.numbers("Load used of prescribed, %, median [Q1, Q3]", "load share", "median_iqr", percent,
                                 "load"))  # fmt: skip
    if asked["exertion"].notna().any():
        made.append(rows.numbers("Perceived exertion, 0 to 10, mean (SD)", "exertion", "mean_sd", asked, "exertion"))
    source = next(iter(asked["dose_source"].dropna()), "")
    words = {"exercise_log": "the exercise log", "daily_diary": "the diary", "treatment_sessions": "the sessions"}
    notes = (f"From {words.get(str(source), 'the data')}, over all weeks. {DOSE}", NOT_RANDOMISED)
    return Table(
        "dose",
        "Dose of exercise",
        "Dose",
        group_columns(study, sizes),
        (RowGroup("", tuple(made)),),
        tuple(map(Footnote, notes)),
    )


def exercises_table(study: Study, log: pd.DataFrame, sizes: dict[str, int]) -> Table:
    """Count, exercise by exercise, who was prescribed it, and the dose done of that prescribed."""
    rows = ByArm("exercises", tuple(sizes))
    known = log[log["dose_done"].notna()]
    groups = tuple(
        RowGroup(_label(study, str(name)), tuple(_exercise(rows, str(name), mine, sizes)))
        for name, mine in known.groupby("exercise", sort=False)
    )
    return Table(
        "exercises-done",
        "Dose done, exercise by exercise",
        "Exercise",
        group_columns(study, sizes),
        groups,
        (Footnote(DOSE),),
    )


def _label(study: Study, name: str) -> str:
    """Return an exercise as it is called: by its label in the plan, or a name of the vocabulary as words."""
    own = getattr(study, "exercises", {}).get(name)
    if own is not None and own.label:
        return str(own.label)
    return sentence_case(readable(name)) if name.islower() and " " not in name else name


def _exercise(rows: ByArm, name: str, mine: pd.DataFrame, sizes: dict[str, int]) -> Iterator[Row]:
    people = mine.groupby("arm")["participant_id"].nunique()
    yield replace(rows.shares("Participants, n (%)", f"{name}: participants", people, sizes), found=True)
    sums = mine.groupby("arm")[["dose_prescribed", "dose_done"]].sum()
    done = sums["dose_done"].round()
    yield replace(
        rows.shares("Sets done of prescribed, n/N (%)", f"{name}: dose", done, sums["dose_prescribed"], of=True),
        found=True,
    )
    for column, label in (("load", "Load, kg, mean (SD)"), ("perceived_exertion", "Perceived exertion, mean (SD)")):
        if mine[column].notna().any():
            yield replace(rows.numbers(label, f"{name}: {column}", "mean_sd", mine, column, 1), found=True)


def weekly_means(study: Study, weekly: pd.DataFrame) -> pd.DataFrame:
    """Return arm, arm_label, week, share (mean over participants) and n, of weeks with enough participants."""
    found = weekly.groupby(["arm", "week"], as_index=False)["share"].agg(share="mean", n="size")
    found = found[found["n"] >= FEWEST].reset_index(drop=True)
    order = {arm: place for place, arm in enumerate(study.groups)}
    found = found.assign(arm_label=found["arm"].map(study.groups), place=found["arm"].map(order))
    return found.sort_values(["place", "week"], ignore_index=True).drop(columns="place")


def plot_adherence(study: Study, means: pd.DataFrame) -> Figure:
    """Draw the mean share of the prescribed dose that was done, week by week, in each arm.

    Parameters
    ----------
    study
        The plan, for labels.
    means
        From `weekly_means`.
    """
    arms = list(dict.fromkeys(means["arm_label"]))
    said = ["Lines: the mean over participants of the dose done of that prescribed in the week."]
    for label in arms:
        mine = means[means["arm_label"] == label]
        first, last = mine.iloc[0], mine.iloc[-1]
        said.append(
            f"{label}: {number(100 * first['share'], 1)}% in week {first['week']} (n {first['n']}), "
            f"{number(100 * last['share'], 1)}% in week {last['week']} (n {last['n']})."
        )
    title = f"Dose of exercise done of that prescribed, by week and {study.words.arm}"

    def draw(_: Sequence[str]) -> Any:
        import altair as alt

        shown = means[means["arm_label"].isin(arms[:MOST_ARMS])]
        scales = arm_scales(arms[:MOST_ARMS])
        top = max(1.0, 1.05 * float(shown["share"].max()))
        x = alt.X("week:Q", title=f"Week since {study.words.start}", axis=options(tickMinStep=1))
        y = alt.Y("share:Q", title="Dose done of prescribed", scale=options(domain=[0, top]), axis=options(format="%"))
        legend = options(symbolType="stroke", symbolStrokeWidth=2, symbolSize=500)
        colour = alt.Color("arm_label:N", title=None, legend=legend,
                           scale=options(domain=scales.domain, range=scales.colours))  # fmt: skip
        dash = alt.StrokeDash("arm_label:N", title=None, legend=legend,
                              scale=options(domain=scales.domain, range=scales.dashes))  # fmt: skip
        base = alt.Chart(shown, width=WIDTH, height=HEIGHT)
        lines = base.mark_line(strokeWidth=2).encode(x=x, y=y, color=colour, strokeDash=dash)
        points = base.mark_point(filled=True, size=30, opacity=1).encode(
            x=x, y=y, color=alt.Color("arm_label:N", legend=None, scale=options(domain=scales.domain,
                                                                              range=scales.colours)),
            tooltip=told(Week="week", Participants="n"),
        )  # fmt: skip
        return themed(lines + points)

    return Figure("adherence-by-week", title, draw, " ".join(said), means, along=("week",))
