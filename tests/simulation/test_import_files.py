"""No column of the made files is given a place that is not its own, and answered plans read their data."""

from __future__ import annotations

from pathlib import Path

import pytest

import coxa
from coxa.importing import answered as again
from coxa.importing import propose, write_plan
from tests.simulation.import_files import MADE, Measure, answered, judged, measure
from tests.simulation.import_made.made import MadeFile

STUDIES = tuple(made for made in MADE if made.kind != "audit")


@pytest.fixture(params=MADE, ids=lambda made: made.name, scope="module")
def measured(request: pytest.FixtureRequest) -> Measure:
    return measure(request.param)


def test_no_column_is_given_a_wrong_place(measured: Measure) -> None:
    assert measured.at_first.mistakes == ()
    assert measured.after.mistakes == ()


def test_every_column_is_accounted_for(measured: Measure) -> None:
    for each in (measured.at_first, measured.after):
        assert each.columns == each.right + each.wrong + each.asked + each.unused


def test_answers_leave_no_column_of_a_study_without_its_place(measured: Measure) -> None:
    if measured.made.kind != "audit":
        assert measured.after.missed == ()
        assert measured.after.asked == 0


@pytest.mark.parametrize("made", STUDIES, ids=lambda made: made.name)
def test_an_answered_plan_reads_its_files_without_an_error(made: MadeFile, tmp_path: Path) -> None:
    made.write(tmp_path)
    proposal, *_ = answered(made, tmp_path)
    strategies = [each.key for each in proposal.questions if each.key.startswith("intercurrent_events.")]
    last = again(proposal, dict.fromkeys(strategies, "treatment_policy"))
    assert not [each.key for each in last.questions if each.needed]
    cohort = coxa.read_cohort(coxa.read_study(write_plan(last, tmp_path)))
    assert not cohort.findings.errors
    assert cohort.disposition.imbalance().empty


def test_a_wrong_place_would_be_counted(tmp_path: Path) -> None:
    """The measure itself: a truth that says something else makes the column a mistake."""
    made = next(each for each in MADE if each.name == "eq5d_wide")
    made.write(tmp_path)
    readings = propose([tmp_path / file for file in made.files], "trial").readings
    other = MadeFile(made.name, made.kind, made.habit, made.write, made.files, {**made.truth, "age": "arm"})
    assert judged(other, readings).mistakes == (("age", "covariates.age", "arm"),)
    assert judged(made, readings).wrong == 0
