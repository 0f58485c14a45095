"""The small trial with adverse events, as a trial or as a cohort, for what is made of a whole report."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import pandas as pd

from coxa.report.report import Report
from coxa.study.kinds import study_of
from tests.spec import small_trial

FALLS = pd.DataFrame({"at": [0, 30, 60], "study_day": [-4.0, 20.0, 30.0], "term": "fall", "serious": True})


@cache
def made(design: str) -> Report:
    """Return the report under a design: three falls, one before the start, and one treated as in another arm."""
    plan = {**small_trial.plan().model_dump(exclude_unset=True), "design": design, "title": "Hips", "study": "hips"}
    study = study_of(plan)
    report = with_events(FALLS)
    people = report.cohort.table("participants")
    people = people.assign(
        arm_received=people["arm"].mask(people.index == 30, "usual_care"),
        discontinuation_reason=pd.Series(["moved"], index=[3]).reindex(people.index),
    )
    tables = {**report.cohort.tables, "participants": people}
    return replace(report, study=study, cohort=replace(report.cohort, study=study, tables=tables))


def with_events(events: pd.DataFrame) -> Report:
    """Return the report with events: `at` is the place of the participant in table participants."""
    report = small_trial.report()
    who = report.cohort.table("participants")["participant_id"].iloc[events["at"]].to_numpy()
    usual = {"kind": "adverse_event", "study_day": 20.0, "serious": False, "severity": "mild"}
    rest = {"relatedness": "possible", "expected": False, "action": "none"}
    columns = {
        **{name: value for name, value in {**usual, **rest}.items() if name not in events},
        "participant_id": who,
    }
    table = events.drop(columns="at").assign(**columns)
    return replace(report, cohort=replace(report.cohort, tables={**report.cohort.tables, "adverse_events": table}))
