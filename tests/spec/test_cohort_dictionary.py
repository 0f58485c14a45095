"""The data dictionary is sound, its document is current, and contracts add the plan to it."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from coxa.cohort.contracts import breaches, contract
from coxa.cohort.dictionary import FIELD_TYPES, load_table
from coxa.cohort.document import dictionary_document
from coxa.errors import OptionError
from coxa.instruments.measures import load_measures
from coxa.study.reading.read import parse_study
from coxa.study.words import TABLES
from tests.spec.cohort_trial import PLAN

DOCUMENT = Path(__file__).parents[2] / "docs" / "data-dictionary.md"
STUDY = parse_study(PLAN.encode())


@pytest.mark.parametrize("name", TABLES)
def test_a_table_is_sound(name: str) -> None:
    table = load_table(name)
    assert table.name == name
    assert set(table.key) <= set(table.fields)
    assert table.fields["participant_id"].required or table.key == ("screening_id",)
    for field in table.fields.values():
        assert field.type in FIELD_TYPES
        assert field.description
        assert (field.type == "category") == bool(field.levels or field.levels_from)
        if field.hard or field.soft:
            assert field.source
        if field.hard and field.soft:
            assert field.hard[0] <= field.soft[0] < field.soft[1] <= field.hard[1]


def test_measures_are_sound() -> None:
    for measure in load_measures().values():
        low, high = measure.soft or measure.hard
        assert measure.hard[0] <= low < high <= measure.hard[1]
        assert measure.unit
        assert measure.source
        assert (measure.unit == "sign") == (measure.kind == "sign")
        assert (measure.unit == "grade") == (measure.kind == "grade")
        if measure.kind == "sign":
            assert measure.hard == (0.0, 1.0)
        if measure.error is not None:
            assert measure.error.source
            assert 0 < measure.error.detectable < measure.hard[1] - measure.hard[0]


def test_a_detectable_change_follows_from_the_standard_error_where_none_was_published() -> None:
    measures = load_measures()
    assert measures["hip_flexion"].error is not None
    assert measures["hip_flexion"].error.detectable == pytest.approx(1.96 * 2**0.5 * 3.5)
    assert measures["timed_up_and_go"].error is not None
    assert measures["timed_up_and_go"].error.detectable == 1.1
    assert measures["abductor_strength"].error is None


def test_every_test_of_the_hip_is_a_measure() -> None:
    measures = load_measures()
    signs = {name for name, measure in measures.items() if measure.kind == "sign"}
    assert {"thomas_sign", "trendelenburg_sign"} <= signs
    assert measures["trendelenburg_grade"].kind == "grade"
    assert {name for name, measure in measures.items() if not measure.sided} >= {"step_rate", "chair_stand_30s"}
    assert {"step_width", "walking_cadence", "movement_screen", "straight_leg_raise"} <= set(measures)


def test_the_document_is_current() -> None:
    assert DOCUMENT.read_text(encoding="utf-8") == dictionary_document()


def test_unknown_table() -> None:
    with pytest.raises(OptionError, match="did you mean participants"):
        load_table("participant")


def test_a_contract_has_the_levels_and_covariates_of_the_plan() -> None:
    fields = contract(STUDY, "participants").fields
    assert dict(fields["arm"].levels) == {"usual_care": "Usual care", "exercise": "Exercise therapy"}
    assert list(fields["sex"].levels) == ["female", "male"]
    assert fields["age"].hard == (18, 95)
    assert contract(STUDY, "assessments").fields["visit"].levels.keys() == {"baseline", "week_6", "week_12"}


def test_every_breach_is_found_at_once() -> None:
    frame = pd.DataFrame(
        {"participant_id": ["1", "2", None], "arm": ["usual_care", "placebo", "exercise"], "age": [17.0, 50, 99]}
    )
    found = {(b.field.name, b.broken, tuple(b.rows)) for b in breaches(frame, contract(STUDY, "participants"))}
    assert found == {("participant_id", "required", (2,)), ("arm", "levels", (1,)), ("age", "limits", (0, 2))}
