"""Imputed data sets in a plan: draws, their number, what is analysed, responders, a yes or no, steps, covariates."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import pytest

from coxa.analyses.imputed.rows import prepared
from coxa.analyses.imputed.sets import imputed_sets, marks
from coxa.analyses.methods import Telling, method_of
from coxa.analyses.planned import run_analysis
from coxa.analyses.rows import SimulatedRows
from coxa.estimates import Estimates
from coxa.impute import (
    Delta,
    analyse_ancova,
    analyse_mmrm,
    analyse_responders,
    conditional_mean,
    draw_parameters,
    impute_outcomes,
    incomplete_outcomes,
    pool_imputations,
)
from coxa.models import Fit, fit_mmrm
from coxa.study.kinds import study_of
from tests.spec.power_plan import COMPARE
from tests.spec.test_imputation_plan import drawn, faults, planned

MULTIPLE: dict[str, Any] = {"by": "multiple", "imputations": 20}
FORMULA = "~ arm + baseline + age"


def with_responders(analysis: dict[str, Any], measure: str = "change", at_least: float = 10) -> Any:
    content = planned(analysis).model_dump(mode="json", exclude_unset=True)
    content["outcomes"]["pain"]["responder"] = {"measure": measure, "at_least": at_least, "source": "made up"}
    content["analyses"]["a"]["estimand"] = "response"
    return study_of(content)


def run(study: Any, frame: pd.DataFrame | None = None) -> tuple[Fit, Estimates]:
    rows = SimulatedRows(drawn() if frame is None else frame, study.planned("a").response)
    (fit,), found, _ = run_analysis(study, "a", study.analyses["a"], rows)
    assert isinstance(fit, Fit)
    return fit, found


@cache
def by_hand(seed: int = 1, method: Any = "bayes", number: int = 20) -> Any:
    fit = fit_mmrm("change ~ arm * visit + baseline * visit + age", drawn().dropna(subset=["change"]))
    outcomes = incomplete_outcomes(fit, drawn(), reference="usual_care", strategy="j2r")
    return impute_outcomes(fit, outcomes, draw_parameters(fit, number, method=method, seed=seed), seed=seed)


def same(found: Estimates, pooled: pd.DataFrame, term: str = "difference") -> None:
    columns = ["visit", "arm", "estimate", "std_error", "df", "p_value"]
    shown = found.only(term=term).frame[columns].reset_index(drop=True)
    expected = pooled[(pooled["term"] == term) & pooled["visit"].isin(shown["visit"])][columns]
    pd.testing.assert_frame_equal(shown, expected.reset_index(drop=True), check_dtype=False)


@pytest.mark.parametrize("draws", ["bayes", "bootstrap"])
def test_a_plan_gives_what_the_functions_give(draws: str) -> None:
    _, found = run(planned({**MULTIPLE, "draws": draws}))
    same(found, pool_imputations(analyse_ancova(by_hand(method=draws), FORMULA)).estimates.frame)
    assert (found.only(visit="w26", term="difference").frame["n_participants"] == 60).all()


def test_data_sets_can_be_analysed_by_a_mixed_model() -> None:
    _, found = run(planned({**MULTIPLE, "imputations": 10, "analyse": "mmrm"}))
    fit = analyse_mmrm(by_hand(number=10), "~ arm * visit + baseline * visit + age", means=True)
    same(found, pool_imputations(fit).estimates.frame)
    assert len(found.only(term="marginal_mean")) == 9


def test_the_number_is_chosen_from_a_first_round_and_said() -> None:
    study = planned({"by": "multiple", "monte_carlo_error": 0.06})
    fit, _ = run(study)
    sets = imputed_sets(study.planned("a"), fit, SimulatedRows(drawn(), "change"))
    assert sets.enough is not None
    assert sets.imputed.size == max(sets.enough.m, 100)
    mine = (sets.results.labels["term"] == "difference") & sets.results.labels["visit"].isin(["w12", "w26"])
    pooled = sets.results.pooled.take(mine.to_numpy())
    assert (pooled.mc_error < 0.06 * 1.2 * pooled.std_error).all()


def test_imputed_data_sets_agree_with_the_conditional_mean() -> None:
    _, found = run(planned({**MULTIPLE, "imputations": 300}))
    fit = fit_mmrm("change ~ arm * visit + baseline * visit + age", drawn().dropna(subset=["change"]))
    exact = conditional_mean(fit, drawn(), reference="usual_care", strategy="j2r").differences().frame
    shown = found.only(term="difference").frame
    np.testing.assert_allclose(shown["estimate"], exact["estimate"], atol=0.15 * exact["std_error"].max())
    np.testing.assert_allclose(shown["std_error"], exact["std_error"], rtol=0.1)


def test_bootstrap_samples_have_the_smaller_error_of_repeated_trials() -> None:
    _, found = run(planned({"by": "bmlmi", "replicates": 150}))
    _, rubin = run(planned(MULTIPLE))
    here = {"term": "difference", "visit": "w26"}
    assert (found.only(**here).frame["std_error"] < 1.1 * rubin.only(**here).frame["std_error"]).all()
    assert found.only(**here).frame["arm"].tolist() == ["exercise", "manual_therapy"]


def test_one_visit_after_baseline_is_enough() -> None:
    one = drawn()[drawn()["visit"] == "w26"]
    rows = one.assign(visit=one["visit"].cat.remove_unused_categories())
    _, found = run(planned({**MULTIPLE, "visits": ["w12", "w26"]}), rows)
    assert found.only(term="difference", visit="w26").frame["std_error"].notna().all()


def test_scores_are_imputed_on_their_steps() -> None:
    rounded = drawn().assign(value=drawn()["value"].round(), baseline=drawn()["baseline"].round())
    rounded["change"] = rounded["value"] - rounded["baseline"]
    study = planned({**MULTIPLE, "values": "steps"})
    fit, _ = run(study, rounded)
    sets = imputed_sets(study.planned("a"), fit, SimulatedRows(rounded, "change")).imputed
    baseline = sets.outcomes.people["baseline"].to_numpy()[:, None]
    values = np.concatenate(list(sets.blocks())) + baseline
    assert values.min() >= 0
    assert values.max() <= 100
    np.testing.assert_allclose(values, values.round())


@pytest.mark.parametrize(("measure", "at_least"), [("change", 10), ("percent_change", 20), ("value", 55)])
def test_responders_are_counted_in_each_data_set(measure: str, at_least: float) -> None:
    study = with_responders(MULTIPLE, measure, at_least)
    rows = drawn()
    reached = {
        "change": rows["change"] >= 10,
        "percent_change": rows["change"] >= 0.2 * rows["baseline"],
        "value": rows["value"] >= 55,
    }[measure]
    fit, found = run(study, rows.assign(responder=reached.where(rows["change"].notna()).astype(float)))
    assert fit.outcome == ("value" if measure == "value" else "change")
    sets = imputed_sets(study.planned("a"), fit, SimulatedRows(rows, "change")).imputed
    threshold, better = marks(study.planned("a"), sets.outcomes)
    hand = analyse_responders(sets, FORMULA, visit="w26", threshold=threshold, better=better, against="usual_care")
    same(found, pool_imputations(hand).estimates.frame, "risk_difference")
    assert set(found.frame["term"]) == {"risk", "marginal_mean", "risk_difference", "risk_ratio", "odds_ratio"}
    assert len(found.only(term="marginal_mean")) == 3


def test_responders_improve_downwards_where_lower_is_better() -> None:
    content = with_responders(MULTIPLE, "percent_change", 20).model_dump(mode="json", exclude_unset=True)
    content["outcomes"]["pain"]["higher_is_better"] = False
    study: Any = study_of(content)
    outcomes = by_hand().outcomes
    threshold, better = marks(study.planned("a"), outcomes)
    assert better == "lower"
    np.testing.assert_allclose(threshold, -0.2 * outcomes.people["baseline"])


def test_a_yes_or_no_is_imputed_from_a_variable_behind_it() -> None:
    content = planned(MULTIPLE).model_dump(mode="json", exclude_unset=True)
    content["outcomes"]["well"] = {"kind": "yes_no", "higher_is_better": True}
    endpoint = {"outcome": "well", "measure": "value", "visit": "w26"}
    content["estimands"] = {"well": {"treatment": COMPARE, "endpoint": endpoint, "summary": "odds_ratio"}}
    content["analyses"] = {"a": {**content["analyses"]["a"], "estimand": "well", "adjust": ["age"]}}
    content["assumptions"] = None
    study: Any = study_of(content)
    rows = drawn().assign(value=(drawn()["value"] > 55).where(drawn()["value"].notna()).astype(float))
    _, found = run(study, rows)
    ratios = found.only(term="odds_ratio", visit="w26").frame
    assert (ratios["conf_low"] < ratios["estimate"]).all()
    assert found.only(term="marginal_mean").frame["estimate"].between(0, 1).all()


def test_missing_covariates_can_be_imputed_and_are_counted() -> None:
    first = drawn()["participant_id"].unique()[:3]
    gone = drawn()["participant_id"].isin(first)
    rows = drawn().assign(age=drawn()["age"].mask(gone), baseline=drawn()["baseline"].mask(gone))
    rows["change"] = rows["value"] - rows["baseline"]
    study = planned({"covariates": "impute"})
    _, found = run(study, rows)
    assert (found.only(visit="w26", term="difference").frame["n_participants"] == 60).all()
    assert (found.frame["warning"] == "").all()
    ready = prepared(study.planned("a"), SimulatedRows(rows, "change"))
    assert ready.covariates is not None
    assert dict(zip(ready.covariates.table["column"], ready.covariates.table["n_imputed"], strict=True)) == {
        "baseline": 3,
        "age": 3,
    }
    observed = rows["value"].notna()
    assert ready.rows.frame.loc[observed, "change"].notna().all()


def test_a_delta_moves_the_estimate_as_in_the_functions() -> None:
    _, moved = run(planned({**MULTIPLE, "deltas": {"add": {"exercise": -5}}}))
    sets = by_hand()
    delta = impute_outcomes(
        fit_mmrm("change ~ arm * visit + baseline * visit + age", drawn().dropna(subset=["change"])),
        sets.outcomes,
        sets.draws,
        delta=Delta(shift={"exercise": -5}),
        seed=1,
    )
    same(moved, pool_imputations(analyse_ancova(delta, FORMULA)).estimates.frame)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"imputations": 50}, "`imputations` is of `by: multiple`"),
        ({"by": "multiple", "standard_error": "jackknife"}, "`standard_error` is of `by: conditional_mean`"),
        ({"by": "multiple", "averaging": "equal"}, "are over all participants"),
        ({"by": "bmlmi", "deltas": {"add": {"exercise": 1}}}, "takes no `deltas`"),
        ({"by": "multiple", "values": "steps", "draws": "bootstrap"}, "are drawn from their posterior"),
        ({"by": "multiple", "values": "steps", "adjust": ["age"]}, "add `baseline`"),
        ({"by": "multiple", "values": "steps", "step": 7}, "not a whole number of steps"),
        ({"estimand": "response"}, "write `by: multiple`"),
        ({"branches": {"one": {"deltas": {"add": {"nobody": 1}}}}}, 'There is no arm "nobody"'),
        ({"branches": {"one": {"strategies": {"surgery": "mar"}}}}, 'There is no intercurrent event "surgery"'),
    ],
)
def test_faults_of_a_plan(change: dict[str, Any], message: str) -> None:
    assert message in faults(change)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (MULTIPLE, "20 data sets were imputed."),
        ({"by": "multiple"}, "chosen after a first round of 100"),
        ({**MULTIPLE, "draws": "bootstrap"}, "estimates of a bootstrap sample"),
        ({**MULTIPLE, "covariance": "csh"}, "Metropolis-Hastings"),
        ({**MULTIPLE, "values": "steps"}, "from 0 to 100 by 1"),
        ({"by": "bmlmi"}, "1,000 bootstrap samples"),
        ({"covariates": "impute"}, "chained equations"),
    ],
)
def test_the_methods_section_says_how(change: dict[str, Any], said: str) -> None:
    study = planned(change)
    telling = Telling(study.planned("a"), [], lambda *_: "", lambda formula: formula)
    assert said in " ".join(method_of(study.analyses["a"]).sentences(telling))
