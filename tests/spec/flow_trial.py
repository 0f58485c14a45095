"""A tiny trial as frames, person by person, whose flow can be counted by hand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from coxa.cohort.cohort import Cohort
from coxa.cohort.disposition import Disposition
from coxa.derive import derive_dataset
from coxa.findings import Findings
from coxa.report.topics.participants.flow.build import participant_flow
from coxa.report.topics.participants.flow.record import Flow
from coxa.study import Study
from coxa.study.reading.read import parse_study

START = pd.Timestamp("2025-01-10")
VISITS = {"baseline": 0, "week_6": 42, "week_12": 84}

PLAN = """\
study: flow
title: A tiny trial
design: {design}
arms: {{{arms}}}
visits:
  baseline: {{day: 0}}
  week_6: {{day: 42}}
  week_12: {{day: 84}}
outcomes:
  pain: {{label: Hip pain, range: [0, 100], unit: points, higher_is_better: false}}
intercurrent_events: {{surgery: {{label: Hip surgery}}}}
estimands:
  primary:
    treatment: {{compare: [{compare}], against: a}}
    endpoint: {{outcome: pain, measure: change, visit: {visit}}}
    intercurrent_events: {{surgery: {surgery}}}
analyses:
  primary: {{estimand: primary, model: {model}{random}}}
"""


@dataclass(frozen=True)
class Person:
    """Somebody allocated to an arm.

    values  : at baseline, week 6 and week 12; None where there is none
    stopped : study day on which follow-up stopped
    ended   : study day on which treatment was stopped early, and why
    surgery : study day of an operation
    sessions: planned and attended
    """

    arm: str
    received: str | None = None
    started: int | None = None
    stopped: int | None = None
    why: str | None = None
    ended: int | None = None
    ended_why: str | None = None
    excluded: str | None = None
    surgery: int | None = None
    values: tuple[float | None, float | None, float | None] = (50, 45, 40)
    sessions: tuple[int, int] | None = None
    site: str | None = None


@dataclass(frozen=True)
class Assessed:
    """Somebody assessed who did not take part."""

    eligible: bool | None = None
    consented: bool | None = None
    reason: str | None = None


def plan(
    arms: str = "ab",
    design: str = "parallel",
    model: str = "mmrm",
    labels: dict[str, str] | None = None,
    visit: str = "week_12",
    surgery: str = "hypothetical",
) -> Study:
    """Return the plan with arms named by single letters, the first the reference."""
    factors = (
        {"a": "[]", "b": "[exercise]", "c": "[manual]", "d": "[exercise, manual]"} if design == "factorial" else {}
    )
    parts = []
    for name in arms:
        keys = [f"label: '{(labels or {}).get(name, f'Arm {name.upper()}')}'"]
        keys += ["reference: true"] if name == "a" else []
        keys += [f"factors: {factors[name]}"] if factors else []
        parts.append(f"{name}: {{{', '.join(keys)}}}")
    text = PLAN.format(
        design=design,
        arms=", ".join(parts),
        compare=", ".join(arms[1:]),
        visit=visit,
        surgery=surgery,
        model=model,
        random=", random: {site_id: {}}" if design == "cluster" else "",
    )
    return parse_study(text.encode())


def cohort(study: Study, people: Sequence[Person], outside: Sequence[Assessed] | None = None) -> Cohort:
    """Return the tables; with `outside`, a screening log of these and of every participant."""
    ids = [f"P{number:03d}" for number in range(len(people))]

    def dates(days: list[int | None]) -> pd.Series:
        return pd.Series([pd.NaT if day is None else START + pd.Timedelta(days=day) for day in days])

    tables = {
        "participants": pd.DataFrame(
            {
                "participant_id": ids,
                "site_id": [one.site for one in people],
                "arm": [one.arm for one in people],
                "arm_received": [one.received for one in people],
                "randomisation_date": START,
                "treatment_start_date": dates([one.started for one in people]),
                "excluded_after_randomisation": pd.array([one.excluded is not None for one in people], dtype="boolean"),
                "exclusion_reason": [one.excluded for one in people],
                "treatment_stop_date": dates([one.ended for one in people]),
                "treatment_stop_reason": [one.ended_why for one in people],
                "discontinuation_date": dates([one.stopped for one in people]),
                "discontinuation_reason": [one.why for one in people],
            }
        ),
        "assessments": pd.DataFrame(
            [
                (who, visit, float(day), "pain", float(value), "a.csv", row)
                for row, (who, one) in enumerate(zip(ids, people, strict=True))
                for (visit, day), value in zip(VISITS.items(), one.values, strict=True)
                if value is not None
            ],
            columns=["participant_id", "visit", "study_day", "outcome", "value", "source_file", "source_row"],
        ),
        "intercurrent_events": pd.DataFrame(
            [(who, "surgery", float(one.surgery), 2) for who, one in zip(ids, people, strict=True)
             if one.surgery is not None],
            columns=["participant_id", "event", "study_day", "source_row"],
        ),
        "treatment_sessions": pd.DataFrame(
            [(who, number, True, number < one.sessions[1], "supervised")
             for who, one in zip(ids, people, strict=True) if one.sessions for number in range(one.sessions[0])],
            columns=["participant_id", "session_number", "planned", "attended", "setting"],
        ).astype({"planned": "boolean", "attended": "boolean"}),
    }  # fmt: skip
    if outside is not None:
        rows = [(True, True, None, who, one.site) for who, one in zip(ids, people, strict=True)]
        rows += [(one.eligible, one.consented, one.reason, None, None) for one in outside]
        log = pd.DataFrame(rows, columns=["eligible", "consented", "exclusion_reason", "participant_id", "site_id"])
        tables["screening"] = log.astype({"eligible": "boolean", "consented": "boolean"})
    return Cohort(study, tables, Findings(), Disposition(), ())


def flow_of(checked: Cohort) -> Flow:
    """Return the flow of the primary estimand."""
    return participant_flow(checked, derive_dataset(checked, "primary"))


def numbers(flow: Flow, box: str) -> dict[str, int]:
    """Return label -> number of a box and of everything in it; deeper labels follow after a colon."""
    found = flow.box(box)
    assert found is not None, f"no box {box}; there are {', '.join(one.id for one in flow.boxes)}"
    return {": ".join(path[1:]) or path[0]: count.n for path, count in found.count.walk()}


PEOPLE = (
    Person("a", "a"),
    Person("a", "b", values=(50, None, 41)),
    Person("a", "a", stopped=60, why="moved away", values=(50, 45, None)),
    Person("a", "a", excluded="not eligible after all"),
    Person("b", "b", sessions=(10, 5)),
    Person("b", "b", sessions=(10, 4), surgery=50),
    Person("b", "a", stopped=20, why="moved away", values=(50, None, None)),
    Person("b", "b", sessions=(10, 10), values=(None, 45, 40)),
    Person("b", "b", sessions=(10, 10), values=(50, 45, None)),
)
OUTSIDE = (
    Assessed(False, None, "other joint"),
    Assessed(False, None, "other joint"),
    Assessed(False, True, "too ill"),
    Assessed(True, False, None),
    Assessed(True, True, "not reached"),
    Assessed(),
)
