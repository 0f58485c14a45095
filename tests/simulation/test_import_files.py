"""No column of the made files is given a place that is not its own, and answered plans read their data."""

from __future__ import annotations

import zlib
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import coxa
from coxa.importing import answered as again
from coxa.importing import propose, write_plan
from coxa.importing.proposing import proposed
from tests.simulation.import_files import MADE, Measure, judged, measure
from tests.simulation.import_made.made import ROOT, MadeFile
from tests.sizes import few

STUDIES = tuple(made for made in MADE if made.kind != "audit")


@pytest.fixture(params=MADE, ids=lambda made: made.name, scope="module")
def measured(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Measure:
    return measure(request.param, tmp_path_factory.mktemp("made") / request.param.name)


@pytest.mark.some(8)
def test_no_column_is_given_a_wrong_place(measured: Measure) -> None:
    assert measured.at_first.mistakes == ()
    assert measured.after.mistakes == ()


def test_every_column_is_accounted_for(measured: Measure) -> None:
    for each in (measured.at_first, measured.after):
        assert each.columns == each.right + each.wrong + each.asked + each.unused


@pytest.mark.parametrize("measured", STUDIES, indirect=True, ids=lambda made: made.name)
def test_answers_leave_no_column_of_a_study_without_its_place(measured: Measure) -> None:
    assert measured.after.missed == ()
    assert measured.after.asked == 0


@pytest.mark.some(5)
@pytest.mark.parametrize("measured", STUDIES, indirect=True, ids=lambda made: made.name)
def test_an_answered_plan_reads_its_files_without_an_error(measured: Measure, tmp_path: Path) -> None:
    strategies = [each.key for each in measured.last.questions if each.key.startswith("intercurrent_events.")]
    last = again(measured.last, dict.fromkeys(strategies, "treatment_policy"))
    assert not [each.key for each in last.questions if each.needed]
    cohort = coxa.read_cohort(coxa.read_study(write_plan(last, tmp_path)))
    assert not cohort.findings.errors
    assert cohort.disposition.imbalance().empty


def test_the_kind_of_files_is_theirs_or_asked(measured: Measure) -> None:
    proposal = proposed(measured.material, None, {})
    assert proposal.kind == measured.made.kind or "kind" in [each.key for each in proposal.questions if each.needed]


TEXTS = [
    (made, file)
    for made in STUDIES
    for file in made.files
    if file.endswith((".csv", ".tsv")) and made.name not in ("german_csv", "redcap_labelled")
]
"""Text files whose columns can be taken out and put in another order: one encoding, no name twice."""


@pytest.mark.some(5)
@pytest.mark.parametrize(("made", "file"), TEXTS, ids=lambda each: each if isinstance(each, str) else each.name)
def test_some_columns_and_rows_in_any_order_never_give_a_wrong_place(made: MadeFile, file: str, tmp_path: Path) -> None:
    """With less to go by more is asked, or nothing is said."""
    made.write(tmp_path)
    mark = "\t" if file.endswith(".tsv") else ","
    whole = pd.read_csv(tmp_path / file, sep=mark, dtype=str, keep_default_na=False)
    rng = np.random.default_rng(zlib.crc32(f"{made.name} {file}".encode()))
    for _ in range(few(3, 40)):
        columns = rng.permutation(whole.columns)[: rng.integers(1, len(whole.columns) + 1)]
        rows = rng.permutation(len(whole))[: rng.integers(3, len(whole))]
        whole.iloc[rows][list(columns)].to_csv(tmp_path / file, index=False, sep=mark)
        assert judged(made, propose(tmp_path / file, made.kind).readings).mistakes == ()


def test_a_wrong_place_would_be_counted(tmp_path: Path) -> None:
    """The measure itself: a truth that says something else makes the column a mistake."""
    made = next(each for each in MADE if each.name == "eq5d_wide")
    made.write(tmp_path)
    readings = propose([tmp_path / file for file in made.files], "trial").readings
    other = MadeFile(made.name, made.kind, made.habit, made.write, made.files, {**made.truth, "age": "arm"})
    assert judged(other, readings).mistakes == (("age", "covariates.age", "arm"),)
    assert judged(made, readings).wrong == 0


WORKED = ROOT / "synthetic_data" / "hip_oa_trial"


def test_the_worked_example_has_the_same_values_by_its_own_plan_and_by_a_proposed_one(tmp_path: Path) -> None:
    answers = {
        "arm.reference": "usual_care",
        "outcomes.pain_0_10": "nprs",
        "primary.outcome": "hoos_pain",
        "primary.visit": "week_12",
        "intercurrent_events.hip_surgery": "hypothetical",
        "intercurrent_events.new_injection": "treatment_policy",
    }
    proposal = propose(sorted(WORKED.glob("*.csv")), "trial", answers)
    assert not [each.key for each in proposal.questions if each.needed]
    found = coxa.read_cohort(coxa.read_study(write_plan(proposal, tmp_path)))
    own = coxa.read_cohort(coxa.read_study(ROOT / "analyses" / "hip_oa_trial" / "study.yaml"))
    assert not found.findings.errors
    assert found.tables.keys() == own.tables.keys()
    for name, keys, value in (
        ("assessments", ["participant_id", "visit"], "value"),
        ("item_responses", ["participant_id", "visit", "item"], "value"),
        ("participants", ["participant_id"], "arm"),
        ("treatment_sessions", ["participant_id", "session_number"], "attended"),
        ("adverse_events", ["participant_id", "event_number"], "severity"),
        ("intercurrent_events", ["participant_id", "event_date"], "event"),
    ):
        one, other = (
            cohort.tables[name].astype(dict.fromkeys(keys[1:], str)).set_index(keys)[value].astype(str).sort_index()
            for cohort in (found, own)
        )
        pd.testing.assert_series_equal(one, other, check_names=False)
