"""Imputed outcomes in a plan: what is fitted and estimated, what a report says, and what a plan cannot ask for."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import pytest
from pydantic import ValidationError

from coxa.analyses.imputed.assumed import EVENT
from coxa.analyses.imputed.rows import with_events
from coxa.analyses.methods import Telling, method_of
from coxa.analyses.planned import run_analysis
from coxa.analyses.rows import SimulatedRows
from coxa.estimates import Estimates
from coxa.impute import Delta, conditional_mean
from coxa.models import Fit, fit_mmrm
from coxa.simulate import draw_outcomes, estimand_frame, trial_design
from coxa.study import Study
from coxa.study.comparative import ComparativeStudy
from coxa.study.kinds import study_of
from tests.spec.power_plan import MMRM, power_plan

J2R: dict[str, Any] = {
    "estimand": "primary",
    "model": "imputation",
    "role": "sensitivity",
    "adjust": ["baseline * visit", "age"],
    "strategy": "j2r",
}


def planned(analysis: dict[str, Any] | None = None, events: dict[str, str] | None = None) -> ComparativeStudy:
    content = power_plan({"primary": MMRM}).model_dump(mode="json", exclude_unset=True)
    content["analyses"]["a"] = J2R | (analysis or {})
    if events:
        content["intercurrent_events"] = {name: {} for name in events}
        for estimand in content["estimands"].values():
            estimand["intercurrent_events"] = events
    study = study_of(content)
    assert isinstance(study, ComparativeStudy)
    return study


@cache
def drawn() -> pd.DataFrame:
    design = trial_design(planned())
    return estimand_frame(design, draw_outcomes(design, seed=3), "primary")


def run(analysis: dict[str, Any] | None = None, frame: pd.DataFrame | None = None) -> tuple[Fit, Estimates]:
    study = planned(analysis)
    rows = SimulatedRows(drawn() if frame is None else frame, "change")
    (fit,), found, _ = run_analysis(study, "a", study.analyses["a"], rows)
    assert isinstance(fit, Fit)
    return fit, found


@pytest.mark.parametrize("strategy", ["mar", "j2r", "cr", "cir"])
@pytest.mark.parametrize("standard_error", ["rubin", "jackknife"])
def test_an_analysis_gives_what_its_function_gives_by_hand(strategy: str, standard_error: Any) -> None:
    _, found = run({"strategy": strategy, "standard_error": standard_error})
    fit = fit_mmrm("change ~ arm * visit + baseline * visit + age", drawn().dropna(subset=["change"]))
    by_hand = conditional_mean(
        fit, drawn(), reference="usual_care", strategy=strategy, standard_error=standard_error
    ).differences()
    columns = ["visit", "arm", "estimate", "std_error", "df", "p_value"]
    shown = found.only(term="difference").frame[columns]
    pd.testing.assert_frame_equal(shown, by_hand.frame[columns])


def test_a_delta_of_the_plan_is_one_of_the_function() -> None:
    deltas = {"add": {"exercise": -4}, "visits": {"w26": 0.5}, "since_event": [0.5, 1], "of": "after_event"}
    fit, found = run({"deltas": deltas})
    delta = Delta(shift={"exercise": -4}, visits={"w26": 0.5}, since_event=(0.5, 1), of="after_event")
    by_hand = conditional_mean(fit, drawn(), reference="usual_care", strategy="j2r", delta=delta).differences()
    shown = found.only(term="difference").frame["estimate"]
    np.testing.assert_allclose(shown, by_hand.frame["estimate"], rtol=1e-10)


def test_the_last_mean_of_a_change_is_zero_before_the_first_visit() -> None:
    frame = drawn()
    first = frame["participant_id"].iloc[0]
    empty = frame.assign(change=frame["change"].where(frame["participant_id"] != first))
    _, found = run({"strategy": "lmcf"}, empty)
    assert found.only(term="difference").frame["estimate"].notna().all()


def test_an_event_is_one_by_name_or_where_outcomes_end() -> None:
    study = planned({"strategies": {"surgery": "cir"}}, {"surgery": "hypothetical", "other": "hypothetical"})
    rows = pd.DataFrame(
        {
            "participant_id": np.repeat(["p", "q", "r", "s"], 3),
            "visit": pd.Categorical(["w6", "w12", "w26"] * 4, ["w6", "w12", "w26"]),
            "change": [1.0, np.nan, np.nan, 2.0, np.nan, 3.0, 1.0, 2.0, np.nan, 4.0, 1.0, 2.0],
            "handled": [
                "",
                "hypothetical: surgery",
                "hypothetical: surgery",
                *[""] * 5,
                "hypothetical: other",
                *[""] * 3,
            ],
        }
    )
    shown = with_events(study.planned("a"), SimulatedRows(rows, "change"))
    ended = "outcomes end"
    assert shown[EVENT].tolist() == ["", "surgery", "surgery", "", "", "", "", "", ended, "", "", ""]


def test_one_visit_after_baseline_is_enough() -> None:
    one = drawn()[drawn()["visit"] == "w26"]
    rows = one.assign(visit=one["visit"].cat.remove_unused_categories())
    _, found = run({"visits": ["w12", "w26"]}, rows)
    shown = found.only(term="difference", visit="w26").frame
    assert len(shown["estimate"].dropna()) == 2


def test_participants_without_a_covariate_are_left_out_and_counted() -> None:
    frame = drawn()
    first = frame["participant_id"].iloc[0]
    _, found = run(frame=frame.assign(age=frame["age"].where(frame["participant_id"] != first)))
    assert set(found.frame["warning"]) == {"1 participant without a covariate of the model is left out"}


def test_a_margin_is_tested_on_the_imputed_difference() -> None:
    _, found = run({"margin": {"type": "noninferiority", "value": 5}})
    assert found.only(term="noninferiority").frame["p_value"].between(0, 1).all()


def faults(change: dict[str, Any], events: dict[str, str] | None = None) -> str:
    """Return what is wrong with a plan, as text."""
    with pytest.raises(ValidationError) as caught:
        planned(change, events)
    found = [error.get("ctx", {}).get("problems", [error["msg"]]) for error in caught.value.errors()]
    return " ".join(getattr(one, "message", str(one)) for each in found for one in each)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"references": {"exercise": "nothing"}}, 'There is no arm "nothing"'),
        ({"deltas": {"add": {"excercise": 1}}}, "did you mean exercise"),
        ({"deltas": {"visits": {"w99": 1}}}, 'There is no visit after baseline "w99"'),
        ({"strategies": {"surgery": "j2r"}}, 'There is no intercurrent event "surgery"'),
        ({"covariance": "sp_exp"}, "looks at the day of each assessment"),
        ({"adjust": ["arm:age"]}, "take `arm` out of `adjust`"),
        ({"strategy": "j3r"}, "j2r"),
    ],
)
def test_what_a_plan_cannot_ask_for(change: dict[str, Any], message: str) -> None:
    assert message in faults(change)


def test_a_strategy_needs_an_event_that_sets_outcomes_to_missing() -> None:
    assert "handles surgery as treatment policy" in faults(
        {"strategies": {"surgery": "j2r"}}, {"surgery": "treatment_policy"}
    )


def sentences(study: Study) -> str:
    assert isinstance(study, ComparativeStudy)
    plan = study.planned("a")
    fit, _ = run()
    telling = Telling(plan, (fit,), lambda *words: f" [{','.join(words)}]", lambda formula: formula)
    return " ".join(method_of(plan.analysis).sentences(telling))


def test_changing_a_strategy_changes_title_note_and_methods_together() -> None:
    for word, title in (("j2r", "jump to reference"), ("cir", "copy increments in reference")):
        study = planned({"strategy": word})
        words = method_of(study.analyses["a"]).words(study.planned("a"), None)
        assert title in words.title
        assert title in words.missing
        assert title in sentences(study)
        assert "Usual care" in sentences(study)


def test_methods_say_reference_delta_and_standard_errors() -> None:
    said = sentences(planned({"deltas": {"add": {"exercise": -4}}, "standard_error": "jackknife"}))
    assert "Added to imputed outcomes: -4 points in Exercise." in said
    assert "jackknife over participants [conditional_mean]" in said
    own = sentences(planned({"strategies": {"surgery": "mar"}}, {"surgery": "hypothetical"}))
    assert "After surgery: missing at random" in own
    assert "in all other cases: jump to reference" in own


def test_a_simulated_trial_knows_after_which_event_an_outcome_is_missing() -> None:
    content = power_plan({"primary": MMRM}).model_dump(mode="json", exclude_unset=True)
    content["intercurrent_events"] = {"surgery": {}}
    for estimand in content["estimands"].values():
        estimand["intercurrent_events"] = {"surgery": "hypothetical"}
    content["assumptions"]["events"] = {"surgery": {"probability": 0.4}}
    content["analyses"]["a"] = J2R | {"strategy": "mar", "strategies": {"surgery": "j2r"}}
    study = study_of(content)
    assert isinstance(study, ComparativeStudy)
    design = trial_design(study)
    frame = estimand_frame(design, draw_outcomes(design, seed=3), "primary")
    after = frame["handled"] == "hypothetical: surgery"
    assert after.any()
    assert frame.loc[after, "change"].isna().all()
    assert (with_events(study.planned("a"), SimulatedRows(frame, "change"))[EVENT] == "surgery").sum() == after.sum()
