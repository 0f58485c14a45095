"""Weights for dropout in a plan: numbers of the functions, what a report says, and the table of the models."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import pytest
from pydantic import ValidationError

import coxa
from coxa.analyses.methods import Telling, method_of
from coxa.analyses.planned import run_analysis
from coxa.analyses.rows import SimulatedRows
from coxa.estimates import Estimates
from coxa.impute import analyse_augmented, analyse_weighted, fit_dropout
from coxa.report.document import TableBlock
from coxa.report.topics.analyses.kinds.dropout_models import dropout_blocks
from coxa.report.topics.analyses.section import _analysis
from coxa.study.comparative import ComparativeStudy
from coxa.study.kinds import study_of
from tests.spec.power_plan import MMRM, power_plan
from tests.spec.test_imputation_plan import drawn

WEIGHTS: dict[str, Any] = {
    "estimand": "primary",
    "model": "dropout_weights",
    "role": "sensitivity",
    "adjust": ["baseline", "age"],
}


def plan(**change: Any) -> ComparativeStudy:
    content = power_plan({"primary": MMRM, "a": {**WEIGHTS, **change}}).model_dump(mode="json", exclude_unset=True)
    study = study_of(content)
    assert isinstance(study, ComparativeStudy)
    return study


def run(frame: pd.DataFrame, **change: Any) -> Estimates:
    study = plan(**change)
    return run_analysis(study, "a", study.analyses["a"], SimulatedRows(frame, "change"))[1]


@pytest.mark.parametrize("estimator", ["augmented", "weighted"])
def test_a_plan_gives_what_the_functions_give(estimator: str) -> None:
    found = run(drawn(), estimator=estimator).only(term="difference").frame
    analyse = {"augmented": analyse_augmented, "weighted": analyse_weighted}[estimator]
    for visit in ("w6", "w12", "w26"):
        dropout = fit_dropout(drawn(), "change", ["baseline", "age"], at_visit=visit)
        hand = analyse(dropout, reference="usual_care").only(term="difference").frame
        columns = ["arm", "estimate", "std_error", "df", "p_value"]
        shown = found.loc[found["visit"] == visit, columns].reset_index(drop=True)
        pd.testing.assert_frame_equal(shown, hand[columns])
    assert (found["n_participants"] == 60).all()


def test_participants_without_a_covariate_are_left_out_and_counted() -> None:
    first = drawn()["participant_id"].iloc[0]
    rows = drawn().assign(age=drawn()["age"].where(drawn()["participant_id"] != first))
    assert set(run(rows).frame["warning"]) == {"1 participant without a covariate is left out"}


def test_the_recorded_call_gives_the_numbers_again() -> None:
    study = plan()
    rows = SimulatedRows(drawn(), "change")
    *_, last = method_of(study.analyses["a"]).fits(study.planned("a"), rows)
    again = eval(last.spec.call(), {"coxa": coxa, "data": drawn()})  # type: ignore[union-attr]
    found = run(drawn()).only(term="difference", visit="w26").frame["estimate"]
    np.testing.assert_allclose(again.only(term="difference").frame["estimate"], found)


@pytest.mark.parametrize(
    ("estimator", "said"), [("augmented", "corrected by the weighted"), ("weighted", "weighted by")]
)
def test_the_methods_section_says_what_is_weighted(estimator: str, said: str) -> None:
    study = plan(estimator=estimator)
    telling = Telling(study.planned("a"), [], lambda *_: "", lambda formula: formula)
    assert said in " ".join(method_of(study.analyses["a"]).sentences(telling))
    assert "Those who leave" in str(method_of(study.analyses["a"]).assumption(study.planned("a")))


def test_an_arm_among_the_covariates_is_refused() -> None:
    with pytest.raises(ValidationError, match="take `arm` out of `adjust`"):
        plan(adjust=["arm:age"])


@cache
def tables() -> dict[str, Any]:
    content = plan().model_dump(mode="json", exclude_unset=True)
    content["assumptions"]["dropout"] = {"probability": 0.4}
    study = study_of(content)
    assert isinstance(study, ComparativeStudy)
    trial = coxa.simulate_study(study, participants=120, truth_size=2000, seed=4)
    report = coxa.analyse(coxa.read_cohort(trial.study, trial.tables))
    planned = report.study.planned("a")
    assert dropout_blocks(report, report.study.planned("primary")) == []
    blocks = _analysis(report, planned).blocks
    return {one.table.id: one.table for one in blocks if isinstance(one, TableBlock)}


def test_the_notes_say_how_many_were_analysed_at_each_visit() -> None:
    said = [" ".join(str(note.text) for note in table.footnotes) for table in tables().values()]
    assert " participants at W6, " in said[0]
    assert not any("nobody" in text for text in said)


def test_the_models_of_dropout_are_shown_by_arm_and_visit() -> None:
    table = tables()["dropout-models-a"]
    assert [str(group.label) for group in table.groups] == ["Usual care", "Exercise", "Manual therapy"]
    for group in table.groups:
        risk, left = (np.array([row.cells[k].statistics[0].value for row in group.rows]) for k in (0, 1))
        np.testing.assert_array_equal(risk[1:], risk[:-1] - left[:-1])
        assert left.sum() > 0
