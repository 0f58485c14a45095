"""`family: zero_inflated_...` in a plan: rates of all participants, planted shares, checks in the report."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import coxa
from coxa.analyses.methods.counts import fit_inflated
from coxa.estimates import model_rates
from coxa.models import fit_glm, fit_zero_inflated, rates_of_all
from coxa.models.glm.inflated_rates import share_limits
from coxa.models.glm.zero_inflated import rises_with_dispersion
from coxa.report.build import build_document
from coxa.report.topics.methods.analyses import analysis_methods
from coxa.simulate.from_plan.event_outcomes import draw_event_days
from coxa.study.kinds import study_of
from tests.simulation.zero_inflated_size import counted, plan
from tests.sizes import few
from tests.spec.binary_counts_trial import plan as kinds_plan
from tests.spec.test_methods_logistic import rows, run


def drawn(n: int = 400, share: float = 0.35, seed: int = 3) -> pd.DataFrame:
    """Return counts of two arms, of whom a share can have none, with a covariate and an exposure."""
    rng = np.random.default_rng(seed)
    arm, age, years = np.arange(n) % 2, rng.normal(size=n), rng.uniform(0.5, 1.5, n)
    mean = np.where(rng.random(n) < share, 0.0, 3.0 * years * np.exp(-0.4 * arm + 0.2 * age))
    return pd.DataFrame({"arm": np.where(arm == 1, "b", "a"), "age": age, "years": years, "y": rng.poisson(mean)})


def test_the_rate_of_all_is_that_of_the_others_times_their_share() -> None:
    data = drawn()
    fit = fit_zero_inflated("y ~ arm + age", data, exposure="years")
    of_all = rates_of_all(fit)
    x = of_all.design.x
    np.testing.assert_allclose(of_all.means(x), (1 - fit.share) * np.exp(x @ fit.coef[: x.shape[1]]))
    assert of_all.fitted.sum() == pytest.approx(data["y"].sum(), rel=0.02)
    assert of_all.aic == pytest.approx(fit.aic)
    again = eval(fit.spec.call(), {"fit_zero_inflated": fit_zero_inflated, "data": data})
    np.testing.assert_array_equal(again.coef, fit.coef)


@pytest.mark.parametrize("family", ["poisson", "negative_binomial"])
def test_errors_of_rates_are_those_of_differences_by_hand(family: str) -> None:
    """The delta method, against numeric derivatives of each number in all parameters of the model."""
    data = drawn()
    fit = fit_zero_inflated("y ~ arm + age", data, family=family, exposure="years")  # type: ignore[arg-type]
    found = model_rates(rates_of_all(fit), averaging="counterfactual").frame.set_index(["term", "arm"])

    def numbers(at: np.ndarray) -> np.ndarray:
        share = 1 / (1 + np.exp(-at[3]))
        rates = [(1 - share) * np.exp(at[0] + at[1] * b + at[2] * data["age"]).mean() for b in (0, 1)]
        return np.array([np.log(rates[0]), np.log(rates[1]), np.log(rates[1] / rates[0]), rates[1] - rates[0]])

    step = 1e-6 * np.eye(len(fit.coef))
    slopes = np.array([(numbers(fit.coef + e) - numbers(fit.coef - e)) / 2e-6 for e in step]).T
    errors = np.sqrt(np.diag(slopes @ fit.vcov @ slopes.T))
    value = numbers(fit.coef)
    for place, key in enumerate([("rate", "a"), ("rate", "b"), ("rate_ratio", "b")]):
        assert found.loc[key, "estimate"] == pytest.approx(np.exp(value[place]))
        half = np.log(found.loc[key, "conf_high"]) - value[place]
        assert half == pytest.approx(1.959964 * errors[place], rel=1e-5)
    difference = found.loc[("rate_difference", "b")]
    assert (difference["estimate"], difference["std_error"]) == pytest.approx((value[3], errors[3]), rel=1e-5)


@pytest.mark.parametrize("family", ["zero_inflated_poisson", "zero_inflated_negative_binomial"])
def test_the_numbers_of_a_plan_are_those_of_the_model_by_hand(family: str) -> None:
    frame = rows("flares")
    study = kinds_plan(flares={"family": family})
    (fit,), found = run(study, "flares", frame)
    base = family.removeprefix("zero_inflated_")
    if fit.warnings and "no share" in fit.warnings[-1]:
        by_hand = fit_glm("value ~ arm + age", frame, exposure="exposure", family=base)  # type: ignore[arg-type]
        assert fit.spec.call().startswith("fit_glm(")
    else:
        assert fit.spec.call().startswith("fit_zero_inflated(")
        by_hand = rates_of_all(
            fit_zero_inflated("value ~ arm + age", frame, exposure="exposure", family=base)  # type: ignore[arg-type]
        )
    expected = model_rates(by_hand, averaging="counterfactual").frame
    for term in ("rate_ratio", "rate_difference"):
        mine, other = (each[each["term"] == term].iloc[0] for each in (found, expected))
        for column in ("estimate", "std_error", "p_value", "conf_low", "conf_high"):
            assert mine[column] == pytest.approx(other[column])


def test_a_planted_share_is_found_and_told() -> None:
    study = plan(0.6, 0.3, families=("zero_inflated_poisson", "poisson"))
    trial = coxa.simulate_study(study, seed=2, participants=400)
    truth = trial.truth.to_frame()
    assert truth["value"].tolist() == pytest.approx([0.6])
    assert set(truth["obtained"]) == {"exact"}
    flares = trial.tables["assessments"].query("visit == 'month_6'")["flares"]
    expected_zeros = 0.3 + 0.7 * (np.exp(-3 / 0.7) + np.exp(-1.8 / 0.7)) / 2
    assert (flares == 0).mean() == pytest.approx(expected_zeros, abs=0.06)
    report = coxa.analyse(trial)
    main = report.estimates.frame.query("analysis == 'zero_inflated_poisson' and term == 'rate_ratio'").iloc[0]
    assert main["conf_low"] < 0.6 < main["conf_high"]
    (fit,) = report.fits["zero_inflated_poisson"]
    low, high = share_limits(fit.model.inflated)
    assert low < 0.3 < high
    checks = {table.id: table for table in build_document(report).tables() if table.id.startswith("checks-")}
    inflated = {row.label: row for row in checks["checks-zero-inflated-poisson"].groups[0].rows}
    assert "Share of participants who can have no event (95% interval)" in inflated
    assert "Participants without an event, by the same model without that share" in inflated
    notes = [str(note.text) for note in checks["checks-poisson"].footnotes]
    assert any("family: zero_inflated_poisson" in note for note in notes)
    assert not any(
        "Look at who has none" in str(note.text) for note in checks["checks-zero-inflated-poisson"].footnotes
    )
    methods = str(analysis_methods(report, study.planned("zero_inflated_poisson")))
    assert "analysed by zero-inflated Poisson regression" in methods
    assert "can have no event; rates and their ratio are of all participants" in methods


def test_without_dispersion_the_model_is_that_of_poisson() -> None:
    data = drawn(200)
    fit = fit_zero_inflated("y ~ arm + age", data, exposure="years")
    step, slope = 1e-5, rises_with_dispersion(fit)

    def loglik(alpha: float) -> float:
        rate = np.exp(fit.design.x @ fit.coef[:3]) * data["years"].to_numpy()
        count = stats.poisson.logpmf(data["y"], rate) if alpha == 0 else (
            stats.nbinom.logpmf(data["y"], 1 / alpha, 1 / (1 + alpha * rate))
        )  # fmt: skip
        return float(np.log(np.where(data["y"] == 0, fit.share, 0.0) + (1 - fit.share) * np.exp(count)).sum())

    assert slope == (loglik(step) > loglik(0.0))
    for seed in range(12):
        found = fit_inflated("y ~ arm + age", drawn(60, seed=seed), family="zero_inflated_negative_binomial")
        assert np.isfinite(found.bse).all()


def test_without_excess_zeros_the_model_is_that_without_a_share() -> None:
    frame = rows("flares").assign(value=lambda d: d["value"].mask(d["value"] == 0, 1))
    (fit,), _ = run(kinds_plan(flares={"family": "zero_inflated_poisson"}), "flares", frame)
    assert fit.model.family == "poisson"
    assert "no share of participants who can have no event" in fit.warnings[-1]


def test_participants_to_whom_an_event_cannot_happen_have_none_and_the_mean_is_that_of_all() -> None:
    keys = kinds_plan().model_dump(exclude_unset=True)
    happen = {"injury": {"number": {"usual": 2.0, "exercise": 1.0}, "never": 0.4}}
    keys["assumptions"] = {"happenings": happen, "participants": 4000}
    design = coxa.simulate.trial_design(study_of(keys))
    counts = draw_event_days(design, "injury", np.zeros(4000, dtype=np.intp), 1, {}).count()
    assert counts.mean() == pytest.approx(2.0, abs=0.12)
    assert (counts == 0).mean() == pytest.approx(0.4 + 0.6 * np.exp(-2 / 0.6), abs=0.03)


def test_size_and_coverage() -> None:
    found = counted(100, 0.3, 0.0, few(8, 200), 4)
    assert found.loc["zero_inflated_poisson", "coverage"] > 0.7
    assert found.loc["zero_inflated_poisson", "width"] < found.loc["negative_binomial", "width"]
