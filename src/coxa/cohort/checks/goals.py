"""Goals: the same goal at every visit, a date where one was met, and no contradiction between the two."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from coxa.cohort.checks.checked import Checked, Draft
from coxa.cohort.row_findings import in_words, row_findings
from coxa.findings import Finding

GOAL = ["participant_id", "goal_number"]


def check_goals(draft: Draft) -> Checked:
    """Warn of goals that change between visits, are rated late or not again, and of dates that contradict the rest."""
    goals = draft.table("goals")
    if goals.empty:
        return Checked()
    return Checked((*_changed(goals), *_late(draft, goals), *_dates(goals), *_weights(goals)))


def _changed(goals: pd.DataFrame) -> Iterator[Finding]:
    """Yield goals whose text or term is another than at the visit before."""
    for field, what in (("activity", "text"), ("term", "term")):
        words = goals[field].astype("str").str.strip().str.casefold().where(goals[field].notna())
        before = words.groupby([goals[name] for name in GOAL]).transform("first")
        yield from row_findings(
            goals,
            words.notna() & (words != before),
            severity="warning",
            table="goals",
            field=field,
            rule=f"a goal has another {what} than at its first visit",
            remedy="Give another goal a `goal_number` of its own. A goal keeps its number, its text and its term.",
            value=goals[field],
        )


def _late(draft: Draft, goals: pd.DataFrame) -> Iterator[Finding]:
    """Yield goals of participants with a baseline that are rated after it and not at it."""
    start = draft.study.baseline_visit
    at_start = goals["visit"].eq(start)
    people = goals.loc[at_start, "participant_id"]
    rated = pd.MultiIndex.from_frame(goals.loc[at_start, GOAL])
    keys = pd.MultiIndex.from_frame(goals[GOAL])
    new = goals["participant_id"].isin(people) & ~keys.isin(rated) & ~goals.duplicated(GOAL)
    yield from row_findings(
        goals,
        new & goals["visit"].notna(),
        severity="note",
        table="goals",
        field="goal_number",
        rule=f"a goal is rated for the first time after {draft.study.label('visits', start)}",
        remedy="It counts among the goals that are met, and is in no mean rating: that is of the goals of the first "
        "visit. Check the number, if it is a goal of the first visit.",
        value=in_words(goals["goal_number"]),
    )


def _dates(goals: pd.DataFrame) -> Iterator[Finding]:
    """Yield dates of goals that are not achieved, and goals that are achieved on no date."""
    achieved = goals["achieved"].astype("boolean")
    yield from row_findings(
        goals,
        (achieved.eq(False) & (goals["met_date"] <= goals["assessment_date"])).fillna(False).astype(bool),
        severity="warning",
        table="goals",
        field="achieved",
        rule="a goal is not achieved at a visit after the date on which it was met",
        remedy="Correct `achieved` or `met_date`. Both are used: it is not met at this visit, and was met on that day.",
        value=goals["met_date"],
    )
    dated = goals["met_date"].notna().groupby([goals[name] for name in GOAL]).transform("any")
    yield from row_findings(
        goals,
        achieved.fillna(False).astype(bool) & ~dated & bool(dated.any()),
        severity="note",
        table="goals",
        field="met_date",
        rule="a goal is achieved, and the date on which it was met is empty, though others have one",
        remedy="Enter the date. Until then it counts as met on the day of the visit.",
    )


def _weights(goals: pd.DataFrame) -> Iterator[Finding]:
    """Yield participants of whom some goals have a weight and others none."""
    weighted = goals["weight"].notna()
    if not weighted.any():
        return
    share = weighted.groupby([goals[name] for name in ("participant_id", "visit")]).transform("mean")
    uneven = (share > 0) & (share < 1)
    yield from row_findings(
        goals,
        uneven & ~weighted & goals["attainment"].notna(),
        severity="warning",
        table="goals",
        field="weight",
        rule="a goal has no weight, and others of the participant have one",
        remedy="Enter the weight, or leave out `weight` for all goals. Without it there is no score of attainment.",
        value=in_words(goals["goal_number"]),
    )
