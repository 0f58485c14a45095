"""The tables of what each treatment consists of, and of the exercises prescribed with their dose."""

from __future__ import annotations

from coxa.report.topics.delivery.components import components_table
from coxa.report.topics.delivery.exercises import exercises_table
from coxa.study.comparative import with_arms
from coxa.study.reading.read import parse_study
from coxa.tables.formats import NONE
from coxa.tables.table import Table

PLAN = """
study: tiny
title: A tiny trial
arms:
  usual_care: {reference: true, delivers: [usual_care, education]}
  combined:
    delivers: [massage, gluteal_strengthening, education]
    delivery:
      exercises:
        - {exercise: clamshell, sets: [2, 3], reps: [10, 15], per_side: true, per_week: 3, supervised: false}
        - {exercise: figure_four_stretch, sets: [2, 3], hold_s: 30}
        - {exercise: sled_push}
exercises: {sled_push: {label: Sled push, target: whole leg, kind: strength}}
visits: {baseline: {day: 0}, week_12: {day: 84}}
outcomes: {pain: {range: [0, 100], higher_is_better: false}}
estimands:
  primary:
    treatment: {compare: combined, against: usual_care}
    endpoint: {outcome: pain, visit: week_12}
analyses:
  primary: {estimand: primary, model: ancova}
"""
STUDY = with_arms(parse_study(PLAN.encode()), "A table of treatments")


def lines(table: Table | None) -> list[tuple[str, ...]]:
    assert table is not None
    return [
        (group.label, row.label, *(cell.text for cell in row.cells)) for group in table.groups for row in group.rows
    ]


def test_components_are_shown_by_kind_with_the_arms_that_deliver_them() -> None:
    active, passive, neither = (
        "Active: the participant moves or trains",
        "Passive: something is done to the participant",
        "Neither",
    )
    assert lines(components_table(STUDY)) == [
        (active, "Gluteal strengthening", NONE, "Yes"),
        (passive, "Massage", NONE, "Yes"),
        (neither, "Education", "Yes", "Yes"),
        (neither, "Usual care", "Yes", NONE),
    ]


def test_exercises_have_a_row_each_with_the_doses_that_the_plan_states() -> None:
    table = exercises_table(STUDY)
    assert table is not None
    headings = ["Target", "Kind", "Sets", "Repetitions", "Hold (s)", "Sides", "Times a week", "Where"]
    assert [column.label for column in table.columns] == headings
    assert lines(table) == [
        ("Combined", "Clamshell", "Hip external rotators and abductors", "Strength", "2 to 3", "10 to 15", NONE,
         "each side", "3", "at home"),
        ("Combined", "Figure-four stretch", "Deep hip rotators and gluteal muscles", "Stretch", "2 to 3", NONE, "30",
         NONE, NONE, NONE),
        ("Combined", "Sled push", "Whole leg", "Strength", *(NONE,) * 6),
    ]  # fmt: skip
    assert "of this plan: Sled push." in str(table.footnotes[1].text)


def test_a_plan_that_names_neither_has_no_tables() -> None:
    arms = {name: arm.model_copy(update={"delivers": (), "delivery": None}) for name, arm in STUDY.arms.items()}
    silent = STUDY.model_copy(update={"arms": arms})
    assert components_table(silent) is None
    assert exercises_table(silent) is None
