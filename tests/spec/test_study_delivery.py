"""How an arm is delivered: TIDieR and CERT, doses, prescribed exercises, and the vocabulary."""

from __future__ import annotations

import json
import re

import pytest

import coxa
from coxa.errors import PlanError
from coxa.study.delivery.arm import Delivery, Prescription
from coxa.study.delivery.components import components
from coxa.study.delivery.exercises import exercises
from coxa.study.delivery.items import CERT, TIDIER, delivery_items
from coxa.study.describing.document import study_document, study_schema
from coxa.study.parts import Arm
from coxa.study.reading.read import parse_study

PLAN = """
study: tiny
title: A tiny trial
arms: {usual_care: {reference: true}, exercise: ARM}
visits: {baseline: {day: 0}, week_12: {day: 84}}
outcomes: {pain: {range: [0, 100], higher_is_better: false}}
estimands:
  primary:
    treatment: {compare: exercise, against: usual_care}
    endpoint: {outcome: pain, visit: week_12}
analyses:
  primary: {estimand: primary, model: ancova}
"""


def arm(text: str) -> Arm:
    return parse_study(PLAN.replace("ARM", text).encode()).arms["exercise"]


def faults(text: str) -> str:
    with pytest.raises(PlanError) as found:
        arm(text)
    return found.value.findings.as_text()


def test_a_delivery_holds_dose_and_exercises() -> None:
    read = arm(
        "{delivery: {provider: physiotherapist, mode: group, minutes: [45, 60], weeks: 12, per_week: 2, exercises: "
        "[{exercise: leg_press, sets: 3, reps: [8, 12], load_type: rm, load: [12, 8], per_week: 2, supervised: true}]}}"
    ).delivery
    assert read is not None
    assert read.minutes == (45, 60)
    assert read.exercises == (
        Prescription(
            exercise="leg_press", sets=3, reps=(8, 12), load_type="rm", load=(12, 8), per_week=2, supervised=True
        ),
    )


def test_sessions_are_said_once() -> None:
    assert arm("{delivery: {sessions: 12}}").sessions_planned == 12
    assert arm("{sessions_planned: 12, delivery: {sessions: 12}}").sessions_planned == 12
    assert Arm(delivery=Delivery(sessions=9)).sessions_planned == 9
    assert "Keep one of them" in faults("{sessions_planned: 10, delivery: {sessions: 12}}")


def test_faults_name_key_rule_and_remedy() -> None:
    unknown = faults("{delivery: {exercises: [{exercise: leg_pres}]}}")
    assert "exercises.0.exercise" in unknown
    assert "did you mean leg_press" in unknown
    assert "Write [fewest, most]" in faults("{delivery: {minutes: [60, 45]}}")
    assert "tailoring: tailored" in faults("{delivery: {tailoring: generic, tailored_how: by level}}")
    assert "did you mean provider" in faults("{delivery: {providers: physiotherapist}}")


def test_every_exercise_has_a_target_and_a_code_that_is_a_name() -> None:
    for code, one in exercises().items():
        assert re.fullmatch(r"[a-z][a-z0-9_]*", code)
        assert one.label
        assert one.target
        assert f"| `{code}` | {one.label} |" in study_document()


def test_an_editor_can_complete_exercises() -> None:
    schema = json.loads(study_schema())
    known, own = schema["$defs"]["Prescription"]["properties"]["exercise"]["anyOf"]
    assert known["enum"] == list(exercises())
    assert re.fullmatch(own["pattern"], "my_drill")
    assert schema["$defs"]["Arm"]["properties"]["delivers"]


def test_every_item_of_tidier_and_cert_has_a_key_that_names_it() -> None:
    assert list(TIDIER) == [str(number) for number in range(1, 13)]
    assert len(CERT) == 19
    fields = {**Delivery.model_fields}
    for guideline, items in (("TIDieR", TIDIER), ("CERT", CERT)):
        for item, (_, keys) in items.items():
            for key in keys:
                told = re.search(rf"{guideline} ([0-9ab]+(?: and [0-9ab]+)*)", fields[key].description or "")
                assert told, key
                assert item in told.group(1).split(" and "), (guideline, item, key)
    named = {key for items in (TIDIER, CERT) for _, keys in items.values() for key in keys}
    assert named == set(fields)


def test_the_items_that_a_plan_says_are_listed_arm_by_arm() -> None:
    items = delivery_items(coxa.preset("kjeldsen-2024")).set_index(["arm", "guideline", "item"])["said"]
    assert items["resistance", "CERT", "7b"]
    assert items["resistance", "TIDieR", "8"]
    assert not items["resistance", "CERT", "2"]
    assert not items["neuromuscular", "CERT", "7b"]
    assert len(items) == 2 * (12 + 19)


def test_components_are_active_or_passive_and_parts_of_components() -> None:
    known = components()
    assert {code: known[code].kind for code in ("stretching", "massage", "usual_care")} == {
        "stretching": "active",
        "massage": "passive",
        "usual_care": "neither",
    }
    for code, one in known.items():
        assert re.fullmatch(r"[a-z][a-z0-9_]*", code)
        assert one.part_of is None or one.part_of in known
    exercise = {code for code, one in known.items() if one.exercise}
    assert {"gluteal_strengthening", "static_stretching", "cadence_retraining", "aquatic_therapy"} <= exercise
    assert not exercise & {"massage", "education", "load_redistribution", "foam_rolling"}


def test_an_arm_delivers_components_of_the_vocabulary_only() -> None:
    assert arm("{delivers: [gluteal_strengthening, massage]}").delivers == ("gluteal_strengthening", "massage")
    assert "did you mean massage" in faults("{delivers: [masage]}")


def test_a_plan_can_add_exercises_of_its_own() -> None:
    own = "exercises: {sled_push: {label: Sled push, target: whole leg, kind: strength}}\n"
    delivery = "{delivery: {exercises: [{exercise: sled_push, sets: 3, reps: [10, 15], per_side: true, per_week: 2}]}}"
    study = parse_study((PLAN.replace("ARM", delivery) + own).encode())
    text = delivery_items(study).set_index(["arm", "guideline", "item"])["text"]
    assert text["exercise", "CERT", "8"] == "Sled push"
    assert text["exercise", "CERT", "13"] == "Sled push: 3 sets, 10 to 15 repetitions, on each side, 2 times a week"
    assert "coxa schema exercises" in faults(delivery)
    with pytest.raises(PlanError, match="the vocabulary has an exercise of this name"):
        parse_study((PLAN.replace("ARM", "{}") + own.replace("sled_push", "clamshell")).encode())
