"""`model: logistic` in a plan: what it estimates is what its model gives by hand; what it refuses; how it is told."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from coxa.analyses.methods.logistic import LogisticMethod, scheme_of, variance_of
from coxa.analyses.planned import run_analysis
from coxa.analyses.rows import SimulatedRows
from coxa.errors import SeparationError
from coxa.estimates import effects_in_subgroups, standardised_risks
from coxa.models import fit_glm
from coxa.report.build import build_document
from coxa.report.topics.analyses.results import responder_table
from coxa.report.topics.methods.analyses import analysis_methods
from coxa.study.comparative import ComparativeStudy
from coxa.study.kinds import study_of
from tests.spec.binary_counts_trial import PLAN, plan, report, tables


def rows(outcome: str = "fell") -> pd.DataFrame:
    """Return one row per participant, as an estimand has them."""
    people, values = tables()["participants"], tables()["assessments"]
    own = values[values["outcome"] == outcome][["participant_id", "value"]]
    frame = people.merge(own, how="left").assign(visit=pd.Categorical(["month_6"] * len(people), ["month_6"]))
    return frame.assign(arm=pd.Categorical(frame["arm"], ["usual", "exercise"]), exposure=frame["months"])


def run(study: Any, name: str, frame: pd.DataFrame) -> tuple[Any, pd.DataFrame]:
    assert isinstance(study, ComparativeStudy)
    fits, found, _ = run_analysis(study, name, study.analyses[name], SimulatedRows(frame, study.planned(name).response))
    return fits, found.frame


def test_the_numbers_are_those_of_the_model_by_hand() -> None:
    frame = rows()
    (fit,), found = run(plan(), "falls", frame)
    by_hand = standardised_risks(fit_glm("value ~ arm + age", frame), frame, small_samples=True).frame
    for term in ("risk_difference", "risk_ratio", "odds_ratio"):
        mine, expected = (each[each["term"] == term].iloc[0] for each in (found, by_hand))
        for column in ("estimate", "std_error", "p_value", "conf_low", "conf_high"):
            assert mine[column] == pytest.approx(expected[column])
    adjusted = found.loc[found["term"] == "marginal_mean", "estimate"].to_numpy()
    assert adjusted == pytest.approx(by_hand.loc[by_hand["term"] == "risk", "estimate"].to_numpy())
    observed = found[found["term"] == "risk"].set_index("arm")["estimate"]
    assert observed["usual"] == pytest.approx(frame.loc[frame["arm"] == "usual", "value"].mean())
    assert fit.n_participants == frame["value"].notna().sum()
    assert set(fit.left_out["reason"]) == {"missing value"}


def test_the_recorded_call_gives_the_model_again() -> None:
    data = rows()
    (fit,), _ = run(plan(), "falls", data)
    again = eval(fit.spec.call(), {"fit_glm": fit_glm, "data": data})
    assert again.params.to_numpy() == pytest.approx(fit.model.params.to_numpy())
    (filled,), _ = run(plan(falls={"missing_response": "non_responder"}), "falls", data)
    again = eval(filled.spec.call(), {"fit_glm": fit_glm, "data": data})
    assert again.nobs == len(data)
    assert again.params.to_numpy() == pytest.approx(filled.model.params.to_numpy())


def test_strata_of_the_randomisation_are_those_of_the_variance() -> None:
    blocks = {"scheme": "blocks", "block_sizes": 4, "strata": "sex"}
    stratified = study_of({**PLAN, "randomisation": blocks})
    assert isinstance(stratified, ComparativeStudy)
    planned = stratified.planned("falls")
    assert (variance_of(planned), scheme_of(planned)) == ("ye", ("pb", ("sex",)))
    coin = study_of({**PLAN, "randomisation": {"scheme": "biased_coin", "strata": "sex"}})
    assert isinstance(coin, ComparativeStudy)
    assert scheme_of(coin.planned("falls")) == ("bc", ("sex",))
    simple = plan().planned("falls")  # type: ignore[attr-defined]
    assert scheme_of(simple) == ("simple", ())
    frame = rows()
    (_,), found = run(stratified, "falls", frame)
    fit = fit_glm("value ~ arm + age", frame)
    expected = standardised_risks(fit, frame, scheme="pb", strata=["sex"], small_samples=True).frame
    assert found[found["term"] == "risk_difference"]["std_error"].item() == pytest.approx(
        expected[expected["term"] == "risk_difference"]["std_error"].item()
    )


def test_subgroups_are_on_the_scale_of_the_estimand() -> None:
    frame = rows()
    _, found = run(plan(), "falls", frame)
    inside = found[found["term"] == "subgroup_difference"].set_index("analysis")["estimate"]
    fit = fit_glm("value ~ arm * sex + age", frame)
    for sex in ("female", "male"):
        here = frame[(frame["sex"] == sex) & frame["value"].notna()]
        risks = [fit.predict(here.assign(arm=arm)).mean() for arm in ("usual", "exercise")]
        assert inside[f"falls[sex={sex}]"] == pytest.approx(risks[1] - risks[0])
    test = found[found["term"] == "interaction_test"].iloc[0]
    between = found[found["term"] == "difference_between_subgroups"].iloc[0]
    assert test["p_value"] == pytest.approx(between["p_value"])


def test_the_interaction_of_log_odds_without_covariates_is_that_of_the_coefficients() -> None:
    fit = fit_glm("value ~ arm * sex", rows())
    found = effects_in_subgroups(fit, "sex", "odds_ratio").frame
    between = found[found["term"] == "difference_between_subgroups"].iloc[0]
    name = next(name for name in fit.params.index if ":" in name)
    assert np.log(between["estimate"]) == pytest.approx(fit.params[name])
    assert between["std_error"] == pytest.approx(fit.bse[name])


def test_an_unwanted_outcome_is_no_response() -> None:
    planned = plan(falls={"missing_response": "non_responder"}).planned("falls")
    assert LogisticMethod().words(planned, None).missing == "Missing outcomes: counted as no."


def test_an_arm_without_an_event_has_a_remedy_of_a_plan() -> None:
    frame = rows().assign(value=lambda d: d["value"].where(d["arm"] == "usual", 0.0))
    with pytest.raises(SeparationError, match="Analysis falls: the outcome 'value' is separated") as caught:
        run(plan(), "falls", frame)
    assert "model: proportions" in caught.value.remedies[0]


def test_the_methods_say_what_was_done() -> None:
    said = str(analysis_methods(report(), report().study.planned("falls")))
    assert "analysed by logistic regression at each visit" in said
    assert "have the variance of Ye and others, which holds under randomisation also where the model is wrong" in said
    assert "limits are of t" in said


def test_the_report_has_observed_and_adjusted_risks() -> None:
    table = next(one for one in build_document(report()).tables() if one.id == "responders-falls")
    assert [str(column.label) for column in table.columns][:2] == ["A fall, n/N (%)", "Adjusted, % (95% CI)"]
    assert table.title == "A fall by arm"
    ids = [figure.id for figure in build_document(report()).figures()]
    assert {"forest-falls", "subgroup-forest-falls"} <= set(ids)


def test_a_number_needed_to_treat_is_the_inverse_of_the_standardised_difference() -> None:
    """A fall is not wanted: an arm with fewer has a number needed to benefit."""
    study = plan(falls={"numbers_needed": True})
    planned = study.planned("falls")
    fits, found, _ = run_analysis(study, "falls", study.analyses["falls"], SimulatedRows(rows(), planned.response))
    difference = found.frame[(found.frame["term"] == "risk_difference") & (found.frame["analysis"] == "falls")].iloc[0]
    table = responder_table(planned, found, fits)
    (row,) = [one for one in table.rows() if one.label == "Exercise therapy"]
    needed = {one.name: one.value for one in row.cells[-1].statistics}
    assert needed["number_needed"] == pytest.approx(1 / abs(difference["estimate"]))
    assert sorted([needed["nearest"], needed["farthest"]]) == pytest.approx(
        sorted(1 / abs(difference[["conf_low", "conf_high"]].astype(float)))
    )
    assert row.cells[-1].text.startswith("NNTB" if difference["estimate"] < 0 else "NNTH")
    assert "one less participant with a fall (benefit)" in str(table.footnotes[-1].text)
    assert "Number needed to treat (95% CI)" not in [
        str(c.label) for c in responder_table(plan().planned("falls"), found).columns
    ]
