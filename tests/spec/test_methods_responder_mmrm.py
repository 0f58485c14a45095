"""`model: responder_mmrm` of a plan: its fits, its numbers, what it refuses, and what the methods section says."""

from __future__ import annotations

import json
from typing import Any

import pandas as pd
import pytest

from coxa.analyses.methods import Telling, method_of
from coxa.analyses.planned import run_analysis
from coxa.analyses.rows import SimulatedRows
from coxa.errors import FitError, PlanError
from coxa.estimates import Estimates, responder_by_model
from coxa.models import fit_mmrm
from coxa.models.results.run import AnyFit
from coxa.study.comparative import ComparativeStudy, with_arms
from coxa.study.reading.read import parse_study
from tests.spec.test_estimates_responder_model import trial

RULE = {"measure": "change", "at_least": 8, "source": "Example"}


def plan(
    rule: dict[str, Any] | None = None, estimand: dict[str, Any] | None = None, **options: Any
) -> ComparativeStudy:
    content = {
        "study": "responders",
        "title": "Responders",
        "design": "parallel",
        "arms": {"usual_care": {"label": "Usual care", "reference": True}, "exercise": {"label": "Exercise"}},
        "visits": {"baseline": {"day": 0}, "week_6": {"day": 42}, "week_12": {"day": 84}},
        "intercurrent_events": {"surgery": {}},
        "outcomes": {"hoos": {"label": "HOOS", "range": [0, 100], "higher_is_better": True, "responder": rule or RULE}},
        "estimands": {
            "main": {
                "treatment": {"compare": "exercise", "against": "usual_care"},
                "endpoint": {"outcome": "hoos", "measure": "responder", "visit": "week_12"},
                "summary": "risk_difference",
                "intercurrent_events": {"surgery": {"strategy": "treatment_policy"}},
                **(estimand or {}),
            }
        },
        "analyses": {"main": {"estimand": "main", "model": "responder_mmrm", "adjust": ["baseline"], **options}},
    }
    return with_arms(parse_study(json.dumps(content).encode()), "a test")


def rows() -> pd.DataFrame:
    d = trial()
    return d.assign(responder=(d["change"] >= 8) * 1.0, percent_change=100 * d["change"] / d["baseline"])


def run(study: ComparativeStudy, d: pd.DataFrame) -> tuple[tuple[AnyFit, ...], Estimates]:
    return run_analysis(study, "main", study.analyses["main"], SimulatedRows(d, "responder"))[:2]


@pytest.mark.parametrize(
    ("rule", "response", "options"),
    [
        (RULE, "change", {"threshold": 8}),
        ({"measure": "value", "at_least": 60}, "value", {"threshold": 60, "measure": "value", "response": "value"}),
        ({"measure": "percent_change", "at_least": 15}, "change", {"threshold": 15, "measure": "percent_change"}),
    ],
)
def test_the_numbers_are_those_of_the_function_for_every_rule(rule: dict, response: str, options: dict) -> None:
    fits, estimates = run(plan(rule), rows())
    fit = fit_mmrm(f"{response} ~ arm * visit + baseline", trial())
    wanted = responder_by_model(fit, higher_is_better=True, against="usual_care", **options)
    for term in ("risk_difference", "risk_ratio", "odds_ratio"):
        got, want = (e.only(term=term, visit="week_12").frame.iloc[0] for e in (estimates, wanted))
        for column in ("estimate", "std_error", "conf_low", "p_value"):
            assert got[column] == pytest.approx(want[column], rel=1e-7)
    again = eval(fits[0].spec.call(), {"fit_mmrm": fit_mmrm, "data": rows()})
    assert again.params.to_list() == fits[0].params.to_list()  # type: ignore[union-attr]


def test_an_arm_has_what_was_counted_and_what_the_model_gives() -> None:
    _, estimates = run(plan(), rows())
    here = rows().query("visit == 'week_12' and arm == 'exercise'")["responder"]
    found = {
        term: estimates.only(term=term, visit="week_12", arm="exercise").frame.iloc[0]
        for term in ("risk", "marginal_mean")
    }
    assert found["risk"]["estimate"] == pytest.approx(here.mean())
    assert found["risk"]["n_participants"] == len(here) == 24
    assert found["marginal_mean"]["n_participants"] == 30


def test_one_visit_is_an_analysis_of_covariance() -> None:
    fits, _ = run(plan(visits=["week_12"]), rows())
    assert fits[0].model == "ancova"  # type: ignore[union-attr]


def test_covariates_may_be_given_and_options_are_used() -> None:
    narrower = run(plan(covariates="given"), rows())[1].only(term="marginal_mean").frame["std_error"]
    drawn = run(plan(), rows())[1].only(term="marginal_mean").frame["std_error"]
    assert (narrower < drawn).all()
    fits, _ = run(plan(covariance="csh", ddf="kenward-roger"), rows())
    assert (fits[0].structure, fits[0].ddf) == ("csh", "kenward-roger")


def test_a_composite_strategy_is_refused_as_the_score_does_not_know_it() -> None:
    study = plan(estimand={"intercurrent_events": {"surgery": {"strategy": "composite", "value": "worst"}}})
    with pytest.raises(FitError, match="surgery has the strategy composite"):
        run(study, rows())


def test_options_that_do_not_go_together_are_faults_of_the_plan() -> None:
    for options, match in (
        ({"adjust": ["arm"]}, "Take `arm` out"),
        ({"ddf": "between-within"}, "no rule for a probability"),
        ({"ddf": "kenward-roger", "reml": False}, "needs REML"),
    ):
        with pytest.raises(PlanError, match=match):
            plan(**options)


def test_the_methods_say_what_the_model_is_of() -> None:
    study = plan()
    fits, _ = run(study, rows())
    planned = study.planned("main")
    said = " ".join(method_of(planned.analysis).sentences(Telling(planned, fits, lambda *_: "", str)))
    assert "A mixed model for repeated measures of change from baseline in HOOS" in said
    assert "averaged over all participants" in said
