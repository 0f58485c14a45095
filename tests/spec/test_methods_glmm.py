"""`model: glmm` of a plan: options, fits, numbers and what the methods section says."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit

from coxa.analyses.methods import Telling, method_of
from coxa.analyses.methods.glmm import model_of
from coxa.analyses.planned import run_analysis
from coxa.analyses.rows import SimulatedRows
from coxa.errors import PlanError
from coxa.estimates import Estimates, population_averaged
from coxa.models import fit_glmm
from coxa.models.results.run import AnyFit
from coxa.study.comparative import ComparativeStudy, with_arms
from coxa.study.reading.read import parse_study

PLAN: dict[str, Any] = {
    "study": "falls",
    "title": "Falls",
    "design": "parallel",
    "arms": {"usual": {"label": "Usual care", "reference": True}, "exercise": {"label": "Exercise"}},
    "visits": {"baseline": {"day": 0}, "month_3": {"day": 91}, "month_6": {"day": 182}},
    "covariates": {"age": {"type": "number", "unit": "years"}},
    "outcomes": {
        "fell": {"kind": "yes_no", "label": "A fall", "higher_is_better": False},
        "flares": {"kind": "count", "label": "Flares", "higher_is_better": False},
    },
    "estimands": {
        "falls": {
            "treatment": {"compare": "exercise", "against": "usual"},
            "endpoint": {"outcome": "fell", "visit": "month_6"},
            "summary": "conditional_odds_ratio",
        },
        "counts": {
            "treatment": {"compare": "exercise", "against": "usual"},
            "endpoint": {"outcome": "flares", "visit": "month_6"},
            "summary": "rate_ratio",
        },
    },
}


def plan(analysis: dict[str, Any], estimand: str = "falls", **changed: Any) -> ComparativeStudy:
    """Return the plan with one analysis of one of its estimands."""
    estimands = {estimand: {**PLAN["estimands"][estimand]}}
    last = list(changed.get("visits", PLAN["visits"]))[-1]
    estimands[estimand]["endpoint"] = {**estimands[estimand]["endpoint"], "visit": last}
    analyses = {"main": {"estimand": estimand, "model": "glmm", **analysis}}
    content = {**PLAN, "estimands": estimands, "analyses": analyses, **changed}
    return with_arms(parse_study(json.dumps(content).encode()), "a test")


@cache
def rows() -> pd.DataFrame:
    """Return 80 participants with two visits, of whom some are missing at the second, in eight sites."""
    rng = np.random.default_rng(5)
    who = np.repeat(np.arange(80), 2)
    visit = pd.Categorical(np.tile(["month_3", "month_6"], 80), ["month_3", "month_6"])
    arm = pd.Categorical(np.where(who % 2, "exercise", "usual"), ["usual", "exercise"])
    d = pd.DataFrame({"participant_id": who, "visit": visit, "arm": arm, "site_id": who % 8, "age": 50.0 + who % 9})
    shared = 1.5 * rng.normal(size=80)[who] + 0.8 * rng.normal(size=8)[who % 8]
    d["value"] = (rng.random(160) < expit(0.4 - 0.8 * (who % 2) + shared)) * 1.0
    d.loc[rng.random(160) < 0.1, "value"] = np.nan
    return d


def run(study: ComparativeStudy, d: pd.DataFrame) -> tuple[tuple[AnyFit, ...], Estimates]:
    return run_analysis(study, "main", study.analyses["main"], SimulatedRows(d, "value"))[:2]


def test_the_numbers_are_those_of_the_functions_and_the_call_gives_the_fit_again() -> None:
    fits, estimates = run(plan({"adjust": ["age"]}), rows())
    assert fits[0].formula == "value ~ arm * visit + age + (1 | participant_id)"
    direct = fit_glmm(fits[0].formula, rows(), ddf="between-within")
    again = eval(fits[0].spec.call(), {"fit_glmm": fit_glmm, "data": rows()})
    assert model_of(fits[0]).params.tolist() == direct.params.tolist() == again.params.tolist()
    expected = population_averaged(direct, against="usual")
    for term in ("risk_difference", "odds_ratio", "conditional_odds_ratio"):
        found = estimates.only(term=term, visit="month_6").frame.iloc[0]
        assert found["estimate"] == expected.only(term=term, visit="month_6").frame["estimate"].item()
        assert found["n_participants"] == rows().query("visit == 'month_6'")["value"].notna().sum()


def test_an_arm_has_what_was_observed_and_what_the_model_gives() -> None:
    _, estimates = run(plan({}), rows())
    at = rows().query("visit == 'month_6' and arm == 'usual'")["value"]
    observed = estimates.only(term="risk", visit="month_6", arm="usual").frame["estimate"].item()
    modelled = estimates.only(term="marginal_mean", visit="month_6", arm="usual").frame["estimate"].item()
    assert observed == pytest.approx(at.mean())
    assert modelled == pytest.approx(at.mean(), abs=0.04)


def test_a_count_is_negative_binomial_unless_the_plan_says_otherwise() -> None:
    rng = np.random.default_rng(3)
    d = rows().assign(value=rng.negative_binomial(1, 0.4, 160), exposure=np.where(np.arange(160) == 7, 0.0, 2.0))
    outcomes = {**PLAN["outcomes"], "months": {"kind": "count", "label": "Months", "higher_is_better": True}}
    outcomes["flares"] = {**outcomes["flares"], "exposure": "months"}
    fits, estimates = run(plan({}, "counts", outcomes=outcomes), d)
    assert fits[0].left_out["reason"].tolist() == ["exposure is missing"]
    assert (model_of(fits[0]).family, model_of(fits[0]).exposure is not None) == ("negative_binomial", True)
    assert set(estimates.frame["term"]) == {"rate", "marginal_mean", "rate_ratio", "rate_difference"}
    usual = d.query("visit == 'month_3' and arm == 'usual' and exposure > 0")
    rate = estimates.only(term="rate", visit="month_3", arm="usual").frame["estimate"].item()
    assert rate == pytest.approx(usual["value"].sum() / usual["exposure"].sum())
    (poisson, *_), _ = run(plan({"family": "poisson"}, "counts", outcomes=outcomes), d)
    assert model_of(poisson).family == "poisson"


def test_the_intercept_may_be_of_a_site_at_one_visit() -> None:
    fits, estimates = run(plan({"random": {"site_id": {}}, "visits": ["month_6"]}), rows())
    assert fits[0].formula == "value ~ arm + (1 | site_id)"
    assert fits[0].sample.visits == ("month_6",)
    assert estimates.only(term="conditional_odds_ratio").frame["visit"].tolist() == ["month_6"]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"visits": ["month_6"]}, "a random intercept of each participant needs 2 visits"),
        ({"random": {"site_id": {}}}, "the 2 visits of a participant would be taken for independent"),
        ({"random": {"site_id": {}, "therapist_id": {}}, "visits": ["month_6"]}, "a glmm has one random intercept"),
        ({"few_clusters": "accept"}, "`few_clusters` is about `random`"),
        ({"quadrature": 0}, "quadrature"),
    ],
)
def test_options_that_do_not_go_together_are_refused(options: dict[str, Any], words: str) -> None:
    with pytest.raises(PlanError, match=words):
        plan(options)


def test_another_model_does_not_estimate_a_conditional_odds_ratio() -> None:
    with pytest.raises(PlanError, match="does not estimate a conditional odds ratio"):
        plan({"model": "proportions"})


def test_subgroups_are_compared_on_the_scale_of_the_estimand() -> None:
    sex = {"type": "category", "levels": ["female", "male"]}
    study = plan({"subgroups": ["sex"]}, covariates={"sex": sex})
    d = rows().assign(sex=lambda f: np.where(f["participant_id"] % 3 == 0, "male", "female"))
    _, estimates = run(study, d)
    within = estimates.only(term="subgroup_difference", visit="month_6").frame.set_index("analysis")["estimate"]
    fit = fit_glmm("value ~ arm * visit * sex + (1 | participant_id)", d)
    names = ["arm[exercise]", "arm[exercise]:visit[month_6]"]
    female = fit.params[names].sum()
    male = female + fit.params[["arm[exercise]:sex[male]", "arm[exercise]:visit[month_6]:sex[male]"]].sum()
    assert np.log(within).to_dict() == pytest.approx({"main[sex=female]": female, "main[sex=male]": male})
    test = estimates.only(term="interaction_test", visit="month_6").frame
    between = estimates.only(term="difference_between_subgroups", visit="month_6").frame
    assert test["p_value"].item() == pytest.approx(between["p_value"].item())


def test_the_methods_section_says_what_the_numbers_mean() -> None:
    study = plan({"adjust": ["age"], "quadrature": 1})
    fits, _ = run(study, rows())
    telling = Telling(study.planned("main"), fits, "".format, "arm".format)
    said = " ".join(method_of(study.analyses["main"]).sentences(telling))
    assert said.startswith("A logistic mixed model of a fall was fitted by maximum likelihood, with a random intercept")
    assert "integrated by Laplace's approximation" in said
    assert "averaged over the random intercepts" in said
    assert "is farther from 1 than the odds ratio of the averages" in said
