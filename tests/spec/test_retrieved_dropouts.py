"""Outcomes retrieved after treatment stopped tell how missing ones after it are imputed."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from pydantic import ValidationError

import coxa
from coxa.errors import FitError, OptionError
from coxa.impute import conditional_mean, draw_parameters, impute_outcomes, incomplete_outcomes
from coxa.models import fit_mmrm
from coxa.report.topics.methods.analyses import analysis_methods
from coxa.simulate import draw_outcomes, estimand_frame, trial_design
from tests.simulation.strategy_plans import world_plan
from tests.sizes import few

VISITS = ["a", "b", "c"]


def trial(n: int = 120, seed: int = 3) -> pd.DataFrame:
    """Draw a trial in which a third stops, loses 5 from then on, and half of these leave."""
    rng = np.random.default_rng(seed)
    arm = np.arange(n) % 2
    y = rng.multivariate_normal(np.zeros(3), 20 * np.eye(3) + 15, n) + np.outer(arm, [2, 4, 6])
    stop = np.where(rng.random(n) < 0.4, rng.integers(0, 3, n), 3)
    off = (np.arange(3) >= stop[:, None]).astype(float)
    y -= 5 * off
    y[(rng.random(n) < 0.5)[:, None] & (off > 0)] = np.nan
    return pd.DataFrame(
        {
            "participant_id": np.repeat(np.arange(n), 3),
            "visit": VISITS * n,
            "arm": pd.Categorical(np.repeat(np.where(arm, "new", "old"), 3), ["old", "new"]),
            "off": off.ravel(),
            "change": y.ravel(),
        }
    )


def test_missing_outcomes_are_at_their_expectation_by_hand() -> None:
    """Participant by participant, with the whole design: means, conditional expectations, least squares."""
    d = trial()
    fit = fit_mmrm("change ~ arm * visit + off * arm * visit", d)
    found = conditional_mean(fit, d, reference="old", varying=["off"], formula="arm")
    mean = (fit.design.rows(d) @ fit.params.to_numpy()).reshape(-1, 3)
    y, spread = d["change"].to_numpy().reshape(-1, 3).copy(), fit.covariance.to_numpy()
    for i in range(len(y)):
        u, o = np.flatnonzero(np.isnan(y[i])), np.flatnonzero(~np.isnan(y[i]))
        y[i, u] = mean[i, u] + spread[np.ix_(u, o)] @ np.linalg.pinv(spread[np.ix_(o, o)]) @ (y[i, o] - mean[i, o])
    new = d["arm"].to_numpy()[::3] == "new"
    expected = y[new].mean(axis=0) - y[~new].mean(axis=0)
    assert found.differences().frame["estimate"].to_numpy() == pytest.approx(expected, abs=1e-8)


def test_the_jackknife_is_that_of_models_without_each_participant() -> None:
    d = trial(40)
    formula = "change ~ arm * visit + off * arm"
    found = conditional_mean(
        fit_mmrm(formula, d), d, reference="old", varying=["off"], formula="arm", standard_error="jackknife"
    )
    every = []
    for person in range(40):
        rows = d[d["participant_id"] != person].reset_index(drop=True)
        one = conditional_mean(fit_mmrm(formula, rows), rows, reference="old", varying=["off"], formula="arm")
        every.append(one.differences().frame["estimate"].to_numpy()[-1])
    spread = np.sqrt(39 / 40 * ((np.array(every) - np.mean(every)) ** 2).sum())
    assert found.differences().frame["std_error"].to_numpy()[-1] == pytest.approx(spread, rel=1e-4)


def test_drawn_outcomes_scatter_around_it() -> None:
    d = trial()
    fit = fit_mmrm("change ~ arm * visit + off * arm * visit", d)
    outcomes = incomplete_outcomes(fit, d, reference="old", varying=["off"])
    sets = impute_outcomes(fit, outcomes, draw_parameters(fit, few(100, 1000)))
    drawn = np.concatenate(list(sets.blocks())).mean(axis=0)
    found = conditional_mean(fit, d, reference="old", varying=["off"], formula="arm")
    new = outcomes.arm == 1
    differences = drawn[new].mean(axis=0) - drawn[~new].mean(axis=0)
    assert differences == pytest.approx(found.differences().frame["estimate"].to_numpy(), abs=0.4)


def test_what_changes_over_the_visits_is_known_at_each_and_no_part_of_the_analysis() -> None:
    d = trial()
    fit = fit_mmrm("change ~ arm * visit + off", d)
    with pytest.raises(OptionError, match="Write the analysis in `formula`"):
        conditional_mean(fit, d, reference="old", varying=["off"])
    d.loc[2, "off"] = np.nan
    with pytest.raises(FitError, match="Off is missing at a visit of 1 participant"):
        conditional_mean(fit, d, reference="old", varying=["off"], formula="arm")


RETRIEVED: dict[str, Any] = {"estimand": "primary", "model": "imputation", "adjust": ["baseline * visit"]}


def retrieved_plan(**options: Any) -> Any:
    analyses = {"right": RETRIEVED | {"retrieved": "by_visit"} | options, "mar": RETRIEVED}
    study = world_plan("j2r", analyses, scale="bounded")
    content = study.model_dump(mode="json", exclude_unset=True)
    content["analyses"]["mar"]["role"] = "sensitivity"
    content["assumptions"]["events"]["stop"]["leaves"] = 0.5
    content["assumptions"]["events"]["stop"]["probability"] = {"exercise": 0.5, "usual_care": 0.3}
    return type(study).model_validate(content)


def test_derived_and_simulated_rows_have_the_same_days() -> None:
    study = retrieved_plan()
    trial_ = coxa.simulate_study(study, truth_size=2000, seed=5)
    derived = coxa.derive_dataset(coxa.read_cohort(trial_.study, trial_.tables), "primary").frame
    simulated = estimand_frame(trial_.design, trial_.drawn, "primary")
    assert derived["after_event"].to_numpy() == pytest.approx(simulated["after_event"].to_numpy())
    missing = derived["value"].isna().to_numpy()
    assert derived.loc[~missing, "days_since_event"].tolist() == simulated.loc[~missing, "days_since_event"].tolist()
    assert 0 < derived["after_event"].mean() < 0.5
    assert draw_outcomes(trial_design(study), 1).day.shape[1] == 4


def test_a_plan_gives_the_numbers_of_the_function_and_says_what_the_model_has() -> None:
    trial_ = coxa.simulate_study(retrieved_plan(), truth_size=2000, seed=5)
    report = coxa.analyse(coxa.read_cohort(trial_.study, trial_.tables))
    assert not report.not_fitted
    d = report.datasets["primary"].frame
    fit = fit_mmrm("change ~ arm * visit + baseline * visit + after_event * arm * visit", d)
    found = conditional_mean(
        fit, d, reference="usual_care", varying=["after_event"], formula="arm + baseline"
    ).differences()
    numbers = report.estimates.only(analysis="right", term="difference").frame
    assert numbers["estimate"].to_numpy() == pytest.approx(found.frame["estimate"].to_numpy(), rel=1e-9)
    said = str(analysis_methods(report, report.study.planned("right")))
    assert "retrieved after the event" in said
    assert "intercurrent event before the visit" in said
    assert numbers["std_error"].to_numpy() == pytest.approx(found.frame["std_error"].to_numpy(), rel=1e-9)


@pytest.mark.slow
def test_retrieved_outcomes_take_the_bias_of_missing_at_random_away() -> None:
    found = coxa.simulated_power(retrieved_plan(), replicates=150, seed=4).frame
    last = found[found["visit"] == "w26"].set_index("analysis")
    assert abs(last.loc["right", "bias"]) < 3.5 * last.loc["right", "bias_error"]
    assert last.loc["mar", "bias"] > 4 * last.loc["mar", "bias_error"]


@pytest.mark.parametrize(
    ("options", "said"), [({"strategy": "j2r"}, "under `strategy: mar`"), ({"by": "bmlmi"}, "takes no `retrieved`")]
)
def test_other_strategies_are_refused(options: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        retrieved_plan(**options)
